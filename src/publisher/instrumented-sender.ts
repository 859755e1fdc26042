import { guarded } from '../telemetry/guard.ts'
import type { ProducerOptions } from './producer-options.ts'
import type { HeaderedMessage } from './propagation.ts'
import { inContext, observedSend, type Sending, type SendOutcome, type Sent } from './send-telemetry.ts'

export interface TopicRecord {
  topic: string
  messages: HeaderedMessage[]
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
  sendBatch?(batch: { topicMessages?: TopicRecord[] }): Promise<RecordMetadata[]>
}

/** The methods of a sender that are told, to be put in the place of its own. */
export function instrumentedSender(
  sender: Sender,
  clientId: () => string | undefined,
  options: ProducerOptions,
): Partial<Sender> {
  const observed = (batch: TopicRecord[], send: (batch: TopicRecord[]) => Promise<RecordMetadata[]>) =>
    observedSend(
      batch,
      clientId(),
      async (sending) =>
        sent(batch, await send(batch.map((record, at) => recordInContext(record, at, sending)))),
      options,
    )
  const send: Sender['send'] = (record) => {
    if (!isTopicRecord(record)) return sender.send(record)
    return observed([record], ([told]) => sender.send(told as TopicRecord))
  }
  const sendAll = sender.sendBatch?.bind(sender)
  if (!sendAll) return { send }
  const sendBatch: Sender['sendBatch'] = (batch) => {
    const { topicMessages } = batch ?? {}
    if (!Array.isArray(topicMessages) || !topicMessages.every(isTopicRecord)) return sendAll(batch)
    return observed(topicMessages, (told) => sendAll({ ...batch, topicMessages: told }))
  }
  return { send, sendBatch }
}

const recordInContext = (record: TopicRecord, at: number, sending: Sending): TopicRecord => ({
  ...record,
  messages: inContext(record.messages, at, sending) as HeaderedMessage[],
})

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

/** kafkajs answers bad arguments better than we could: what is not a record is passed on as it is. */
function isTopicRecord(record: unknown): record is TopicRecord {
  const { topic, messages } = (record ?? {}) as Partial<TopicRecord>
  return (
    typeof topic === 'string' &&
    Array.isArray(messages) &&
    messages.every((message) => typeof message === 'object' && message !== null)
  )
}
