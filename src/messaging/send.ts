import type { Context } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { runIn } from '../telemetry/contexts.ts'
import { reportOnce } from '../telemetry/guard.ts'
import { Span } from '../telemetry/names.ts'
import { type OpenSpan, openSpan, type SpanSettings } from '../telemetry/with-span.ts'
import { contextsOf, createSpans } from './create-spans.ts'
import type { DescribedMessage } from './message-attributes.ts'
import { type HeaderedMessage, type ReadHeaders, readHeaders, withContext } from './propagation.ts'
import { recordSend } from './send-metrics.ts'
import { describeOutcome, sendSpanSettings } from './send-span.ts'
import { isLegalTopic } from './topic-name.ts'

/** The messages of one topic in one send. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly (HeaderedMessage & DescribedMessage)[]
}

/** What goes into the headers of which message. */
export interface Sending {
  /** What was read of the headers, topic by topic. */
  readonly read: readonly ReadHeaders[]
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

export interface SendOptions {
  /** A `create` span for each message. Default false. */
  readonly perMessageSpans?: boolean | undefined
  /** Another instrumentation counts the messages. */
  readonly countedByOther?: boolean
}

/** A send that has been tried: what its caller gets, and what became of its messages. */
export interface Sent<T> {
  readonly value: T
  readonly outcomes: readonly SendOutcome[]
}

/**
 * One span and one record per series for one send, whatever its size. A failure that is thrown goes on as it is, with
 * `failure` beside it, and is that of every message.
 */
export function observedSend<T>(
  batch: readonly TopicMessages[],
  clientId: string | undefined,
  work: (sending: Sending) => Promise<Sent<T>>,
  { perMessageSpans = false, countedByOther = false }: SendOptions = {},
): Promise<T> {
  const begun = performance.now()
  const read = batch.map(({ messages }) => readHeaders(messages))
  const topic = topicOf(batch)
  const total = batch.reduce((sum, { messages }) => sum + messages.length, 0)
  const creates = perMessageSpans ? createSpans(batch, read) : undefined
  const settings = settingsOf({ batch, topic, total, read, creates, clientId })
  const span = openSpan(topic === undefined ? Span.Send : `${Span.Send} ${topic}`, settings)
  const sending = { read, context: span.context, created: creates && contextsOf(creates) }
  const sent = ({ value, outcomes }: Sent<T>): T => {
    describe(span, outcomes, total)
    recordSend(outcomes, topic, begun, countedByOther)
    span.end()
    return value
  }
  const failed = (error: unknown): never => {
    span.fail(error)
    recordSend(allFailed(batch, error), topic, begun, countedByOther)
    span.end()
    return annotated(error)
  }
  // What comes afterwards is in the context of the span too: a measurement has its trace as an exemplar.
  return runIn(span.context, () => work(sending).then(sent, failed))
}

function settingsOf(started: Parameters<typeof sendSpanSettings>[0]): SpanSettings {
  try {
    return sendSpanSettings(started)
  } catch (problem) {
    reportOnce('describing a send', problem)
    return {}
  }
}

function describe(span: OpenSpan, outcomes: readonly SendOutcome[], total: number): void {
  if (!span.recording) return
  try {
    describeOutcome(span, outcomes, total)
  } catch (problem) {
    reportOnce('describing a send', problem)
  }
}

const allFailed = (batch: readonly TopicMessages[], error: unknown): SendOutcome[] =>
  // A client may reject with nothing.
  batch.map(({ topic, messages }) => ({ topic, messages: messages.length, error: error ?? null }))

/** A send that nobody gets to see: its failure is read all the same, for its caller. */
export function unobservedSend<T>(answer: Promise<T>): Promise<T> {
  // A double may give no promise.
  return answer instanceof Promise ? answer.catch(annotated) : answer
}

function annotated(error: unknown): never {
  annotate(error, classifyFailure(error))
  throw error
}

/** The messages of one topic of the batch, as they go out. */
export const inContext = <M extends HeaderedMessage>(
  messages: readonly M[],
  at: number,
  { read, context, created }: Sending,
): readonly M[] => withContext(messages, read[at] as ReadHeaders, created?.[at] ?? context)

/** Where it is one, and one that Kafka can have: any other text is no name to put on a span or a metric. */
function topicOf(batch: readonly TopicMessages[]): string | undefined {
  const topic = batch[0]?.topic
  return isLegalTopic(topic) && batch.every((ofTopic) => ofTopic.topic === topic) ? topic : undefined
}
