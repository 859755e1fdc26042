import type { Context, SpanContext } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { guarded } from '../telemetry/guard.ts'
import { attributeCache, count, instruments } from '../telemetry/instruments.ts'
import { Attribute, Metric, Span } from '../telemetry/names.ts'
import { measureOperation } from '../telemetry/operation-duration.ts'
import { withSpan } from '../telemetry/with-span.ts'
import { contextsOf, createSpans } from './create-spans.ts'
import type { DescribedMessage } from './message-attributes.ts'
import type { ProducerOptions } from './producer-options.ts'
import { carriedContext, type HeaderedMessage, withContext } from './propagation.ts'
import { describeOutcome, SEND, sendSpanSettings } from './send-span.ts'

/** The messages of one topic in one send. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly (HeaderedMessage & DescribedMessage)[]
}

/** What goes into the headers of which message. */
export interface Sending {
  /** The contexts that messages carry already, topic by topic. */
  readonly carried: readonly (readonly (SpanContext | undefined)[])[]
  /** The context of the send span, for the others. */
  readonly context: Context
  /** In its place, those of the create spans, topic by topic. */
  readonly created?: readonly (readonly (Context | undefined)[])[] | undefined
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
  /** They were refused in this process, and so are not counted as sent. */
  readonly notTried?: true | undefined
}

/** A send that has been tried: what its caller gets, and what became of its messages. */
export interface Sent<T> {
  readonly value: T
  readonly outcomes: readonly SendOutcome[]
}

const sendInstruments = instruments((meter) => ({
  sent: meter.createCounter(Metric.SentMessages, {
    unit: '{message}',
    description: 'Number of messages producer attempted to send to the broker.',
  }),
}))

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
  { perMessageSpans = false }: ProducerOptions = {},
): Promise<T> {
  const carried = batch.map(({ messages }) => messages.map(carriedContext))
  const topics = new Set(batch.map(({ topic }) => topic))
  const topic = topics.size === 1 ? batch[0]?.topic : undefined
  const total = batch.reduce((sum, { messages }) => sum + messages.length, 0)
  const started = performance.now()
  const record = (outcomes: readonly SendOutcome[]) =>
    recordSend(outcomes, topic ?? null, (performance.now() - started) / 1000)
  const name = topic === undefined ? Span.Send : `${Span.Send} ${topic}`
  const creates = perMessageSpans ? createSpans(batch, carried) : undefined
  const created = creates && contextsOf(creates)
  const settings = sendSpanSettings({ batch, topic, total, carried, creates, clientId })
  try {
    return await withSpan(name, settings, async (span) => {
      const { value, outcomes } = await work({ carried, context: span.context, created })
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

/** The messages of one topic of the batch, as they go out. */
export const inContext = <M extends HeaderedMessage>(
  messages: readonly M[],
  at: number,
  { carried, context, created }: Sending,
): readonly M[] => withContext(messages, carried[at] ?? [], created?.[at] ?? context)

/** The duration has the `error.type` of the span; each message is counted with its own. */
function recordSend(outcomes: readonly SendOutcome[], topic: string | null, seconds: number): void {
  const code = ({ error }: SendOutcome) => (error === undefined ? null : classifyFailure(error).code)
  const failed = outcomes.find(({ error }) => error !== undefined)
  measureOperation(seconds, seriesOf(JSON.stringify([topic, failed ? code(failed) : null])))
  const sent = sendInstruments()?.sent
  if (!sent) return
  const counts = new Map<string, number>()
  for (const outcome of outcomes) {
    if (outcome.notTried) continue
    const key = JSON.stringify([outcome.topic ?? null, code(outcome)])
    counts.set(key, (counts.get(key) ?? 0) + outcome.messages)
  }
  for (const [key, messages] of counts) if (messages > 0) count(sent, messages, seriesOf(key))
}
