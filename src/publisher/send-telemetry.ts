import { type Attributes, type Context, type SpanContext, SpanKind } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { guarded } from '../telemetry/guard.ts'
import { attributeCache, count, instruments, MESSAGING_BUCKETS, measure } from '../telemetry/instruments.ts'
import { Attribute, Metric, Span } from '../telemetry/names.ts'
import { type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { carriedContext, type HeaderedMessage, linksTo } from './propagation.ts'

/** The messages of one topic in one send. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly HeaderedMessage[]
}

/** What goes into the headers of which message. */
export interface Sending {
  /** The contexts that messages carry already, topic by topic. */
  readonly carried: readonly (readonly (SpanContext | undefined)[])[]
  /** The context of the send span, for the others. */
  readonly context: Context
}

/** What became of messages of one topic, all of them alike. */
export interface SendOutcome {
  /** undefined where the message names none. */
  readonly topic: string | undefined
  readonly messages: number
  readonly partition?: number | undefined
  /** Where the first of them is. */
  readonly baseOffset?: string | undefined
  /** Why they are not in the topic, or may not be. */
  readonly error?: unknown
}

/** A send that has been tried: what its caller gets, and what became of its messages. */
export interface Sent<T> {
  readonly value: T
  readonly outcomes: readonly SendOutcome[]
}

const sendInstruments = instruments((meter) => ({
  duration: meter.createHistogram(Metric.OperationDuration, {
    unit: 's',
    description: 'Duration of messaging operation initiated by a producer or consumer client.',
    advice: { explicitBucketBoundaries: MESSAGING_BUCKETS },
  }),
  sent: meter.createCounter(Metric.SentMessages, {
    unit: '{message}',
    description: 'Number of messages producer attempted to send to the broker.',
  }),
}))

const SEND = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'send',
  [Attribute.MessagingOperationType]: 'send',
} as const

const seriesOf = attributeCache((key: string) => {
  const [topic, errorType] = JSON.parse(key) as [string | null, string | null]
  return {
    ...SEND,
    ...(topic === null ? {} : { [Attribute.MessagingDestination]: topic }),
    ...(errorType === null ? {} : { [Attribute.ErrorType]: errorType }),
  }
})

/**
 * One span and one record per series for one send, whatever its size. A failure that is thrown goes on as it is, with
 * `failure` beside it, and is that of every message.
 */
export async function observedSend<T>(
  batch: readonly TopicMessages[],
  clientId: string | undefined,
  work: (sending: Sending) => Promise<Sent<T>>,
): Promise<T> {
  const carried = batch.map(({ messages }) => messages.map(carriedContext))
  const topics = new Set(batch.map(({ topic }) => topic))
  const topic = topics.size === 1 ? batch[0]?.topic : undefined
  const total = batch.reduce((sum, { messages }) => sum + messages.length, 0)
  const started = performance.now()
  const record = (outcomes: readonly SendOutcome[]) =>
    recordSend(outcomes, topic ?? null, (performance.now() - started) / 1000)
  const name = topic === undefined ? Span.Send : `${Span.Send} ${topic}`
  try {
    return await withSpan(name, spanSettings(topic, total, carried.flat(), clientId), async (span) => {
      const { value, outcomes } = await work({ carried, context: span.context })
      guarded('describing a send', () => describeOutcome(span, outcomes, total), undefined)
      record(outcomes)
      return value
    })
  } catch (error) {
    record(batch.map(({ topic, messages }) => ({ topic, messages: messages.length, error })))
    annotate(error, classifyFailure(error))
    throw error
  }
}

function spanSettings(
  topic: string | undefined,
  total: number,
  carried: readonly (SpanContext | undefined)[],
  clientId: string | undefined,
) {
  const attributes: Attributes = {
    ...SEND,
    ...(topic === undefined ? {} : { [Attribute.MessagingDestination]: topic }),
    ...(total === 1 ? {} : { [Attribute.MessagingBatchCount]: total }),
    ...(clientId === undefined ? {} : { [Attribute.MessagingClientId]: clientId }),
  }
  // Messages that all have a context of their own were created elsewhere: this send only carries them.
  const kind = total > 0 && carried.every(Boolean) ? SpanKind.CLIENT : SpanKind.PRODUCER
  return { kind, attributes, links: linksTo(carried) }
}

const MAX_OFFSETS = 32

function describeOutcome(span: SafeSpan, outcomes: readonly SendOutcome[], total: number): void {
  const failed = outcomes.find(({ error }) => error !== undefined)
  if (failed) span.fail(failed.error)
  const known = outcomes.filter(({ baseOffset }) => baseOffset !== undefined)
  const [first] = known
  if (!first) return
  if (known.length === 1) span.set({ [Attribute.MessagingPartition]: String(first.partition) })
  if (total === 1) span.set({ [Attribute.KafkaOffset]: Number(first.baseOffset) })
  const offsets = known.slice(0, MAX_OFFSETS).map(({ partition, baseOffset }) => `${partition}:${baseOffset}`)
  span.set({ [Attribute.SendOffsets]: offsets })
}

/** The duration has the `error.type` of the span; each message is counted with its own. */
function recordSend(outcomes: readonly SendOutcome[], topic: string | null, seconds: number): void {
  const made = sendInstruments()
  if (!made) return
  const code = ({ error }: SendOutcome) => (error === undefined ? null : classifyFailure(error).code)
  const failed = outcomes.find(({ error }) => error !== undefined)
  measure(made.duration, seconds, seriesOf(JSON.stringify([topic, failed ? code(failed) : null])))
  const counts = new Map<string, number>()
  for (const outcome of outcomes) {
    const key = JSON.stringify([outcome.topic ?? null, code(outcome)])
    counts.set(key, (counts.get(key) ?? 0) + outcome.messages)
  }
  for (const [key, messages] of counts) if (messages > 0) count(made.sent, messages, seriesOf(key))
}
