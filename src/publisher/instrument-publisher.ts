import { guarded } from '../telemetry/guard.ts'
import { observedConnect } from './observed-connect.ts'
import { override } from './override.ts'
import type { ProducerOptions } from './producer-options.ts'
import type { HeaderedMessage } from './propagation.ts'
import { inContext, observedSend, type Sending, type SendOutcome } from './send-telemetry.ts'

/** Anything that publishes a list of messages and answers with one result for each, as an outbox relay expects. */
export interface PublisherLike {
  publish: (messages: never[]) => Promise<unknown>
  connect?: (...args: never[]) => Promise<unknown>
}

interface Message extends HeaderedMessage {
  readonly topic: string
}

interface Publisher {
  publish(messages: readonly Message[]): Promise<Result[]>
  connect?(): Promise<unknown>
}

interface Result {
  readonly ok?: boolean
  readonly error?: unknown
  readonly partition?: number
  readonly offset?: string
}

const instrumented = new WeakSet<object>()

/** It tells by itself. */
export const tellsByItself = (publisher: object): void => void instrumented.add(publisher)

/**
 * A publisher like the one given, whose `connect` and `publish` are spans and metrics, counted by the result of each
 * message, and whose messages carry the trace context. The one given stays as it is, and so do the messages.
 */
export function instrumentPublisher<P extends PublisherLike>(publisher: P, options: ProducerOptions = {}): P {
  if (instrumented.has(publisher)) return publisher
  const given = publisher as unknown as Publisher
  const result = override(publisher, {
    ...(given.connect ? { connect: () => observedConnect('producer', async () => given.connect?.()) } : {}),
    publish: (messages: readonly Message[]) =>
      isList(messages) ? observedPublish(given, messages, options) : given.publish(messages),
  })
  instrumented.add(result)
  return result
}

function observedPublish(
  given: Publisher,
  messages: readonly Message[],
  options: ProducerOptions,
): Promise<Result[]> {
  const groups = [...Map.groupBy(messages.keys(), (index) => messages[index]?.topic ?? '')]
  const batch = groups.map(([topic, indexes]) => ({
    topic,
    messages: indexes.map((index) => messages[index] as Message),
  }))
  const tell = async (sending: Sending) => {
    const contextual = [...messages]
    batch.forEach(({ messages: ofTopic }, group) => {
      const withIt = inContext(ofTopic, group, sending)
      groups[group]?.[1].forEach((index, place) => {
        contextual[index] = withIt[place] as Message
      })
    })
    const results = await given.publish(contextual)
    const outcomes = () => messages.map(({ topic }, index) => outcomeOf(topic, results[index]))
    return { value: results, outcomes: guarded('reading the results of a publish', outcomes, []) }
  }
  return observedSend(batch, undefined, tell, options)
}

function outcomeOf(topic: string, { ok, error, partition, offset }: Result = {}): SendOutcome {
  const failed = ok ? {} : { error: error ?? new Error('the publisher gave no reason') }
  return { topic, messages: 1, partition, ...(ok ? { baseOffset: offset } : {}), ...failed }
}

function isList(messages: unknown): messages is readonly Message[] {
  return (
    Array.isArray(messages) &&
    messages.every((message) => typeof message === 'object' && message !== null && 'topic' in message)
  )
}
