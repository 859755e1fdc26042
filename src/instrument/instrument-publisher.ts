import { observedConnect } from '../messaging/connect.ts'
import { copyOf } from '../messaging/lists.ts'
import type { HeaderedMessage } from '../messaging/propagation.ts'
import { inContext, observedSend, type Sending, type SendOutcome, unobservedSend } from '../messaging/send.ts'
import { read } from '../options/check.ts'
import { guarded } from '../telemetry/guard.ts'
import { anybodyListens } from '../telemetry/listening.ts'
import { checkInstrumented } from './instrumented-client.ts'
import { type ProducerOptions, producerOptions } from './producer-options.ts'
import { isOverridden, override } from './wrapper.ts'

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
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be; for what is no object
 *
 * @example
 * ```ts
 * const publisher = instrumentPublisher({
 *   publish: async (messages: PublishableMessage[]) => messages.map(() => ({ ok: true })),
 * })
 * await publisher.publish([{ topic: 'orders', value: 'tea' }])
 * ```
 */
export function instrumentPublisher<P extends PublisherLike>(publisher: P, options: ProducerOptions = {}): P {
  const checked = read(producerOptions, options, 'instrumentPublisher')
  checkInstrumented('publisher', publisher, 'instrumentPublisher')
  if (tellingByThemselves.has(publisher) || isOverridden(publisher, 'publish')) return publisher
  const result = override(publisher as unknown as Publisher, {
    connect: (connect, ...args) => observedConnect('producer', {}, () => connect(...args)),
    publish: (publish, messages, ...more) => {
      if (!anybodyListens()) return unobservedSend(publish(messages, ...more))
      const list = copyOf<Message>(messages)
      if (!list) return publish(messages, ...more)
      return observedPublish((told) => publish(told === list ? messages : told, ...more), list, checked)
    },
  })
  return result as unknown as P
}

/** Where in the list are messages of a topic. */
type Places = readonly (readonly [topic: string, indexes: readonly number[]])[]

function observedPublish(
  publish: Publisher['publish'],
  messages: readonly Message[],
  options: ProducerOptions,
): Promise<Result[]> {
  const places: Places = [...placesByTopic(messages)]
  const batch = places.map(([topic, indexes]) => ({
    topic,
    messages: indexes.map((index) => messages[index] as Message),
  }))
  const tell = async (sending: Sending) => {
    const results = await publish(
      contextual(messages, places, (at) => inContext(batch[at]?.messages ?? [], at, sending)),
    )
    const outcomes = () =>
      places.flatMap(([topic, indexes]) => indexes.map((index) => outcomeOf(topic, results[index])))
    return { value: results, outcomes: guarded('reading the results of a publish', outcomes, []) }
  }
  return observedSend(batch, undefined, tell, options)
}

/** What is no message, or does not say its topic, is left out: the publisher says what is wrong with it. */
function placesByTopic(messages: readonly unknown[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [index, message] of messages.entries()) {
    if (typeof message !== 'object' || message === null) continue
    const topic = guarded('reading a message', () => (message as Partial<Message>).topic, undefined)
    if (typeof topic !== 'string') continue
    const known = places.get(topic)
    if (known) known.push(index)
    else places.set(topic, [index])
  }
  return places
}

/** The list with the messages as they go out, or the very list where none is another. */
function contextual(
  messages: readonly Message[],
  places: Places,
  inContextAt: (at: number) => readonly Message[],
): readonly Message[] {
  let list: Message[] | undefined
  for (const [at, [, indexes]] of places.entries()) {
    for (const [place, message] of inContextAt(at).entries()) {
      const index = indexes[place] as number
      if (message === messages[index]) continue
      list ??= messages.slice()
      list[index] = message
    }
  }
  return list ?? messages
}

function outcomeOf(topic: string, { ok, error, partition, offset }: Result = {}): SendOutcome {
  const failed = ok ? {} : { error: error ?? new Error('the publisher gave no reason') }
  return { topic, messages: 1, partition, ...(ok ? { baseOffset: offset } : {}), ...failed }
}
