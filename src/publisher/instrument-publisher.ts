import { guarded } from '../telemetry/guard.ts'
import { observedConnect } from './observed-connect.ts'
import { isOverridden, override } from './override.ts'
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

const tellingByThemselves = new WeakSet<object>()

/** It tells by itself. */
export const tellsByItself = (publisher: object): void => void tellingByThemselves.add(publisher)

/**
 * A publisher like the one given, whose `connect` and `publish` are spans and metrics, counted by the result of each
 * message, and whose messages carry the trace context. The one given stays as it is, and so do the messages.
 */
export function instrumentPublisher<P extends PublisherLike>(publisher: P, options: ProducerOptions = {}): P {
  if (tellingByThemselves.has(publisher) || isOverridden(publisher, 'publish')) return publisher
  const result = override(publisher as unknown as Publisher, {
    connect: (connect, ...args) => observedConnect('producer', async () => connect(...args)),
    publish: (publish, messages, ...more) => {
      if (!isList(messages)) return publish(messages, ...more)
      return observedPublish((told) => publish(told, ...more), messages, options)
    },
  })
  return result as unknown as P
}

function observedPublish(
  publish: Publisher['publish'],
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
    const results = await publish(contextual)
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
