import { guarded } from '../telemetry/guard.ts'
import type { Replacements } from './override.ts'
import type { HeaderedMessage } from './propagation.ts'
import {
  inContext,
  observedSend,
  type Sending,
  type SendOptions,
  type SendOutcome,
  type Sent,
} from './send-telemetry.ts'
import { withProperties } from './with-properties.ts'

export interface TopicRecord {
  readonly topic: string
  readonly messages: readonly HeaderedMessage[]
}

/** What kafkajs answers for one partition. */
interface RecordMetadata {
  readonly topicName?: string
  readonly partition?: number
  readonly baseOffset?: string
}

/** What sends: a kafkajs producer, or a transaction of it. */
export interface Sender {
  send(record: TopicRecord): Promise<RecordMetadata[]>
  sendBatch?(batch: { readonly topicMessages?: readonly TopicRecord[] }): Promise<RecordMetadata[]>
}

/** A record, or what is none. */
type Read = { readonly [K in keyof TopicRecord]: TopicRecord[K] | undefined }

type SendMessages = (messages: (readonly HeaderedMessage[] | undefined)[]) => Promise<RecordMetadata[]>

/** What runs in the place of a sender's methods. What they are given is read once, as kafkajs reads it. */
export function instrumentedSender(
  clientId: () => string | undefined,
  options: SendOptions,
): Required<Replacements<Sender>> {
  const observed = (records: TopicRecord[], send: SendMessages) =>
    observedSend(
      records,
      clientId(),
      async (sending) =>
        sent(records, await send(records.map(({ messages }, at) => toldIn(messages, at, sending)))),
      options,
    )
  return {
    send: (call, record, ...more) => {
      const read = readRecord(record)
      if (!read) return call(record, ...more)
      const send: SendMessages = ([messages]) => call(withProperties(record, { ...read, messages }), ...more)
      return isTopicRecord(read) ? observed([read], send) : send([read.messages])
    },
    sendBatch: (call, batch, ...more) => {
      const topicMessages = guarded('reading a batch', () => batch.topicMessages, undefined)
      if (!Array.isArray(topicMessages)) return call(batch, ...more)
      const records = Array.from(topicMessages, (record) => readRecord(record))
      const withRecords = (handed: readonly TopicRecord[]) =>
        call(withProperties(batch, { topicMessages: handed }), ...more)
      if (!records.every(isTopicRecord)) return withRecords(topicMessages)
      return observed(records, (messages) => {
        const handed = topicMessages.map((record, at) =>
          withProperties(record, { ...records[at], messages: messages[at] }),
        )
        return withRecords(
          handed.every((record, at) => record === topicMessages[at]) ? topicMessages : handed,
        )
      })
    },
  }
}

/**
 * kafkajs answers with one entry for each partition, and does not say how many messages went there: they are counted by
 * topic, and the offsets come without messages.
 */
function sent(batch: readonly TopicRecord[], answers: RecordMetadata[]): Sent<RecordMetadata[]> {
  const counted: SendOutcome[] = batch.map(({ topic, messages }) => ({ topic, messages: messages.length }))
  const placed = () =>
    answers.map(({ topicName = '', partition, baseOffset }) => ({
      topic: topicName,
      messages: 0,
      partition,
      baseOffset,
    }))
  // Another client may answer anything, and its send succeeded all the same.
  const outcomes = [...counted, ...guarded('reading the answer of a send', placed, [])]
  return { value: answers, outcomes }
}

/** kafkajs refuses a message without a value, and shows it in its error: that one stays as its caller made it. */
function toldIn(messages: TopicRecord['messages'], at: number, sending: Sending): TopicRecord['messages'] {
  const told = inContext(messages, at, sending)
  if (told === messages || messages.every(hasValue)) return told
  return messages.map((message, index) => (hasValue(message) ? (told[index] ?? message) : message))
}

const hasValue = (message: HeaderedMessage & { readonly value?: unknown }): boolean =>
  guarded('reading a message', () => message.value !== undefined, false)

/** Of what is no record, or throws when it is read, nothing: kafkajs reads it again, and says what is wrong. */
function readRecord(record: unknown): Read | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const read = () => {
    const { topic, messages } = record as Partial<TopicRecord>
    return { topic, messages }
  }
  return guarded('reading a record', read, undefined)
}

/** kafkajs answers bad arguments better than we could. */
function isTopicRecord(record: Read | undefined): record is TopicRecord {
  const { topic, messages } = record ?? {}
  if (typeof topic !== 'string' || !Array.isArray(messages)) return false
  for (const message of messages) if (typeof message !== 'object' || message === null) return false
  return true
}
