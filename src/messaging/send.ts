import type { Context } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import type { ProducerOptions } from '../instrument/producer-options.ts'
import { guarded } from '../telemetry/guard.ts'
import { Span } from '../telemetry/names.ts'
import { withSpan } from '../telemetry/with-span.ts'
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

export interface SendOptions extends ProducerOptions {
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
export async function observedSend<T>(
  batch: readonly TopicMessages[],
  clientId: string | undefined,
  work: (sending: Sending) => Promise<Sent<T>>,
  { perMessageSpans = false, countedByOther = false }: SendOptions = {},
): Promise<T> {
  const read = batch.map(({ messages }) => readHeaders(messages))
  const carried = read.map(({ contexts }) => contexts)
  const topic = topicOf(batch)
  let total = 0
  for (const { messages } of batch) total += messages.length
  const begun = performance.now()
  const name = topic === undefined ? Span.Send : `${Span.Send} ${topic}`
  const creates = perMessageSpans ? createSpans(batch, carried) : undefined
  const created = creates && contextsOf(creates)
  const started = { batch, topic, total, carried, creates, clientId }
  const settings = guarded('describing a send', () => sendSpanSettings(started), {})
  try {
    return await withSpan(name, settings, async (span) => {
      const { value, outcomes } = await work({ read, context: span.context, created })
      if (span.recording)
        guarded('describing a send', () => describeOutcome(span, outcomes, total), undefined)
      recordSend(outcomes, topic, begun, countedByOther)
      return value
    })
  } catch (error) {
    const failed = batch.map((ofTopic) => ({
      topic: ofTopic.topic,
      messages: ofTopic.messages.length,
      // A client may reject with nothing.
      error: error ?? null,
    }))
    recordSend(failed, topic, begun, countedByOther)
    annotate(error, classifyFailure(error))
    throw error
  }
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
