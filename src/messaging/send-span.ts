import { type Attributes, SpanKind } from '@opentelemetry/api'
import { ownValue } from '../base/with-properties.ts'
import { Attribute } from '../telemetry/names.ts'
import type { OpenSpan, SafeSpan, SpanSettings } from '../telemetry/with-span.ts'
import { type DescribedMessage, messageAttributes, singleMessageAttributes } from './message-attributes.ts'
import { type Created, linksToCreated, type ReadHeaders } from './propagation.ts'
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
  readonly read: readonly ReadHeaders[]
  readonly creates: readonly (readonly (OpenSpan | undefined)[])[] | undefined
  readonly clientId: string | undefined
}

/** Everything that is known before the send, since samplers see nothing later. */
export function sendSpanSettings(started: Started): SpanSettings {
  const { batch, topic, total, read, creates, clientId } = started
  const attributes: Attributes = total === 1 ? singleMessageAttributes(firstOf(batch)) : ofAll(batch, topic)
  attributes[Attribute.MessagingSystem] = SEND[Attribute.MessagingSystem]
  attributes[Attribute.MessagingOperationName] = SEND[Attribute.MessagingOperationName]
  attributes[Attribute.MessagingOperationType] = SEND[Attribute.MessagingOperationType]
  if (topic !== undefined) attributes[Attribute.MessagingDestination] = topic
  if (total !== 1) attributes[Attribute.MessagingBatchCount] = total
  if (clientId !== undefined) attributes[Attribute.MessagingClientId] = clientId
  if (!creates && !read.some(({ contexts }) => contexts)) return { kind: SpanKind.PRODUCER, attributes }
  // Messages that all have a context of their own were created elsewhere: the send only carries them.
  const onlyCarries = total > 0 && (creates || read.every(carriesAll))
  const kind = onlyCarries ? SpanKind.CLIENT : SpanKind.PRODUCER
  return { kind, attributes, links: linksToCreated(created(started)) }
}

const carriesAll = ({ contexts, headers }: ReadHeaders): boolean =>
  headers.length === 0 || contexts?.every(Boolean) === true

const firstOf = (batch: readonly TopicMessages[]): DescribedMessage =>
  batch.find(({ messages }) => messages.length > 0)?.messages[0] ?? {}

/** The partition that the caller has chosen for all. */
function ofAll(batch: readonly TopicMessages[], topic: string | undefined): Attributes {
  const first = topic === undefined ? undefined : batch[0]?.messages[0]
  const partition = first && ownValue(first, 'partition')
  const chosen =
    typeof partition === 'number' &&
    batch.every(({ messages }) => messages.every((message) => ownValue(message, 'partition') === partition))
  return chosen ? { [Attribute.MessagingPartition]: String(partition) } : {}
}

function* created({ batch, topic, read, creates }: Started): Iterable<Created> {
  for (const [at, { topic: own, messages }] of batch.entries()) {
    const carried = read[at]?.contexts
    if (!creates && !carried) continue
    for (const [index, message] of messages.entries()) {
      const spanContext = carried?.[index] ?? creates?.[at]?.[index]?.spanContext
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
  for (const { error } of outcomes) {
    if (error === undefined) continue
    span.fail(error)
    break
  }
  const written = writtenIn(outcomes)
  const [first] = written
  if (!first) return
  const attributes: Attributes = {}
  if (written.length === 1) attributes[Attribute.MessagingPartition] = String(first.partition)
  if (total === 1) attributes[Attribute.KafkaOffset] = Number(first.baseOffset)
  const offsets = written.length > MAX_OFFSETS ? written.slice(0, MAX_OFFSETS) : written
  attributes[Attribute.SendOffsets] = offsets.map(({ partition, baseOffset }) => `${partition}:${baseOffset}`)
  span.set(attributes)
}

/** Where messages were written. Of several batches to one partition, where the first of them begins. */
function writtenIn(outcomes: readonly SendOutcome[]): SendOutcome[] {
  const answered = outcomes.filter(({ baseOffset }) => baseOffset !== undefined)
  if (answered.length < 2) return answered
  const seen = new Set<string>()
  return answered.filter(({ topic, partition }) => {
    const place = `${topic}/${partition}`
    return !seen.has(place) && seen.add(place)
  })
}
