import { type Attributes, type SpanContext, SpanKind } from '@opentelemetry/api'
import { ownValue } from '../base/with-properties.ts'
import { Attribute } from '../telemetry/names.ts'
import type { OpenSpan, SafeSpan, SpanSettings } from '../telemetry/with-span.ts'
import { messageAttributes, singleMessageAttributes } from './message-attributes.ts'
import { type Created, linksToCreated } from './propagation.ts'
import type { SendOutcome, TopicMessages } from './send.ts'
import { isLegalTopic } from './topic-name.ts'

export const SEND = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'send',
  [Attribute.MessagingOperationType]: 'send',
} as const

interface Started {
  readonly batch: readonly TopicMessages[]
  /** Where it is one. */
  readonly topic: string | undefined
  readonly total: number
  readonly carried: readonly (readonly (SpanContext | undefined)[])[]
  readonly creates: readonly (readonly (OpenSpan | undefined)[])[] | undefined
  readonly clientId: string | undefined
}

/** Everything that is known before the send, since samplers see nothing later. */
export function sendSpanSettings(started: Started): SpanSettings {
  const { batch, topic, total, clientId } = started
  const attributes: Attributes = { ...SEND, ...(total === 1 ? ofSingle(batch) : ofAll(batch, topic)) }
  if (topic !== undefined) attributes[Attribute.MessagingDestination] = topic
  if (total !== 1) attributes[Attribute.MessagingBatchCount] = total
  if (clientId !== undefined) attributes[Attribute.MessagingClientId] = clientId
  return { kind: kindOf(started), attributes, links: linksToCreated(created(started)) }
}

/** Messages that all have a context of their own were created elsewhere: the send only carries them. */
function kindOf({ total, carried, creates }: Started): SpanKind {
  const onlyCarries = total > 0 && (creates || carried.every((contexts) => contexts.every(Boolean)))
  return onlyCarries ? SpanKind.CLIENT : SpanKind.PRODUCER
}

const ofSingle = (batch: readonly TopicMessages[]): Attributes =>
  singleMessageAttributes(batch.find(({ messages }) => messages.length > 0)?.messages[0] ?? {})

/** The partition that the caller has chosen for all. */
function ofAll(batch: readonly TopicMessages[], topic: string | undefined): Attributes {
  const first = topic === undefined ? undefined : batch[0]?.messages[0]
  const partition = first && ownValue(first, 'partition')
  const chosen =
    typeof partition === 'number' &&
    batch.every(({ messages }) => messages.every((message) => ownValue(message, 'partition') === partition))
  return chosen ? { [Attribute.MessagingPartition]: String(partition) } : {}
}

function* created({ batch, topic, carried, creates }: Started): Iterable<Created> {
  for (const [at, { topic: own, messages }] of batch.entries()) {
    if (!creates && !carried[at]?.some(Boolean)) continue
    for (const [index, message] of messages.entries()) {
      const spanContext = carried[at]?.[index] ?? creates?.[at]?.[index]?.spanContext
      if (!spanContext) continue
      // What is the same for all is on the span.
      const differs = topic === undefined && isLegalTopic(own)
      const place = differs ? { [Attribute.MessagingDestination]: own } : {}
      yield { spanContext, attributes: () => ({ ...place, ...messageAttributes(message) }) }
    }
  }
}

const MAX_OFFSETS = 32

export function describeOutcome(span: SafeSpan, outcomes: readonly SendOutcome[], total: number): void {
  const failed = outcomes.find(({ error }) => error !== undefined)
  if (failed) span.fail(failed.error)
  const written = writtenIn(outcomes)
  const [first, ...others] = written
  if (!first) return
  const offsets = written.slice(0, MAX_OFFSETS)
  span.set({
    ...(others.length > 0 ? {} : { [Attribute.MessagingPartition]: String(first.partition) }),
    ...(total === 1 ? { [Attribute.KafkaOffset]: Number(first.baseOffset) } : {}),
    [Attribute.SendOffsets]: offsets.map(({ partition, baseOffset }) => `${partition}:${baseOffset}`),
  })
}

/** Where messages were written. Of several batches to one partition, where the first of them begins. */
function writtenIn(outcomes: readonly SendOutcome[]): SendOutcome[] {
  const seen = new Set<string>()
  return outcomes.filter(({ topic, partition, baseOffset }) => {
    if (baseOffset === undefined) return false
    const place = `${topic}/${partition}`
    if (seen.has(place)) return false
    seen.add(place)
    return true
  })
}
