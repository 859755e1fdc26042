import { type Attributes, type SpanContext, SpanKind } from '@opentelemetry/api'
import { Attribute } from '../telemetry/names.ts'
import { shownAttributes } from '../telemetry/shown.ts'
import type { OpenSpan, SafeSpan } from '../telemetry/with-span.ts'
import { bodySize, messageAttributes } from './message-attributes.ts'
import { type Created, linksToCreated } from './propagation.ts'
import type { SendOutcome, TopicMessages } from './send-telemetry.ts'

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
export function sendSpanSettings(started: Started) {
  const { batch, topic, total, carried, creates, clientId } = started
  const attributes: Attributes = {
    ...SEND,
    ...(topic === undefined ? {} : { [Attribute.MessagingDestination]: topic }),
    ...(total === 1 ? {} : { [Attribute.MessagingBatchCount]: total }),
    ...(clientId === undefined ? {} : { [Attribute.MessagingClientId]: clientId }),
    ...(total === 1 ? ofSingle(batch) : ofAll(batch, topic)),
  }
  // Messages that all have a context of their own were created elsewhere: this send only carries them.
  const kind =
    total > 0 && (creates || carried.every((contexts) => contexts.every(Boolean)))
      ? SpanKind.CLIENT
      : SpanKind.PRODUCER
  return { kind, attributes, links: linksToCreated(created(started)) }
}

function ofSingle(batch: readonly TopicMessages[]): Attributes {
  const message = batch.flatMap(({ messages }) => messages)[0] ?? {}
  return { ...messageAttributes(message), ...bodySize(message) }
}

/** The partition that the caller has chosen for all. */
function ofAll(batch: readonly TopicMessages[], topic: string | undefined): Attributes {
  const partition = topic === undefined ? undefined : batch[0]?.messages[0]?.partition
  const chosen =
    typeof partition === 'number' &&
    batch.every(({ messages }) => messages.every((message) => message.partition === partition))
  return chosen ? { [Attribute.MessagingPartition]: String(partition) } : {}
}

function* created({ batch, topic, carried, creates }: Started): Iterable<Created> {
  for (const [at, { topic: own, messages }] of batch.entries()) {
    for (const [index, message] of messages.entries()) {
      const spanContext = carried[at]?.[index] ?? creates?.[at]?.[index]?.spanContext
      if (!spanContext) continue
      // What is the same for all is on the span.
      const place = topic === undefined ? shownAttributes({ [Attribute.MessagingDestination]: own }) : {}
      yield { spanContext, attributes: () => ({ ...place, ...messageAttributes(message) }) }
    }
  }
}

const MAX_OFFSETS = 32

export function describeOutcome(span: SafeSpan, outcomes: readonly SendOutcome[], total: number): void {
  const failed = outcomes.find(({ error }) => error !== undefined)
  if (failed) span.fail(failed.error)
  const written = outcomes.filter(({ baseOffset }) => baseOffset !== undefined)
  // Of several batches to one partition, where the first of them begins.
  const known = [...Map.groupBy(written, ({ topic, partition }) => `${topic}/${partition}`).values()].flatMap(
    (ofIt) => ofIt[0] ?? [],
  )
  const [first] = known
  if (!first) return
  if (known.length === 1) span.set({ [Attribute.MessagingPartition]: String(first.partition) })
  if (total === 1) span.set({ [Attribute.KafkaOffset]: Number(first.baseOffset) })
  const offsets = known.slice(0, MAX_OFFSETS).map(({ partition, baseOffset }) => `${partition}:${baseOffset}`)
  span.set({ [Attribute.SendOffsets]: offsets })
}
