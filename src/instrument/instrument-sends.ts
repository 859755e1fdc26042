import { isView, withProperties } from '../base/with-properties.ts'
import { objectsIn } from '../messaging/lists.ts'
import type { HeaderedMessage } from '../messaging/propagation.ts'
import {
  inContext,
  observedSend,
  type Sending,
  type SendOptions,
  type SendOutcome,
  unobservedSend,
} from '../messaging/send.ts'
import { guarded, reportOnce } from '../telemetry/guard.ts'
import { anybodyListens } from '../telemetry/listening.ts'
import type { Replacements } from './wrapper.ts'

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

/** `told` gives the messages of one record as they go out. */
type SendMessages = (told: (at: number) => TopicRecord['messages']) => Promise<RecordMetadata[]>

/** What runs in the place of a sender's methods. What they are given is read once, as kafkajs reads it. */
export function instrumentedSender(
  clientId: () => string | undefined,
  options: SendOptions,
): Required<Replacements<Sender>> {
  const observed = (records: readonly TopicRecord[], send: SendMessages) => {
    const work = async (sending: Sending) => {
      const answers = await send((at) => inContextOf(records, at, sending))
      return { value: answers, outcomes: outcomesOf(records, answers) }
    }
    return observedSend(records, clientId(), work, options)
  }
  return {
    send: (call, record, ...more) => {
      if (!anybodyListens()) return unobservedSend(call(record, ...more))
      const read = readRecord(record)
      if (!read) return call(record, ...more)
      const known = topicRecord(read)
      if (!known) return call(withProperties(record, read), ...more)
      return observed([known], (told) => call(withMessages(record, read, known, told(0)), ...more))
    },
    sendBatch: (call, batch, ...more) => {
      if (!anybodyListens()) return unobservedSend(call(batch, ...more))
      const given = guarded('reading a batch', () => batch.topicMessages, undefined)
      if (given === undefined) return call(batch, ...more)
      const withRecords = (handed: readonly TopicRecord[]) =>
        call(withProperties(batch, { topicMessages: handed }), ...more)
      const records = objectsIn<TopicRecord>(given)
      const read = records?.map(readRecord)
      const known = read?.map((one) => one && topicRecord(one))
      if (!records || !known?.every(isThere)) return withRecords(given)
      return observed(known, (told) => {
        const handed = records.map((record, at) =>
          withMessages(record, read?.[at] as Read, known[at] as TopicRecord, told(at)),
        )
        return withRecords(handed.every((record, at) => record === records[at]) ? given : handed)
      })
    },
  }
}

/**
 * kafkajs answers with one entry for each partition, and does not say how many messages went there: they are counted by
 * topic, and the offsets come without messages.
 */
function outcomesOf(batch: readonly TopicRecord[], answers: readonly RecordMetadata[]): SendOutcome[] {
  const outcomes: SendOutcome[] = batch.map(({ topic, messages }) => ({ topic, messages: messages.length }))
  try {
    for (const { topicName = '', partition, baseOffset } of answers)
      outcomes.push({ topic: topicName, messages: 0, partition, baseOffset })
  } catch (problem) {
    // Another client may answer anything, and its send succeeded all the same.
    reportOnce('reading the answer of a send', problem)
  }
  return outcomes
}

/** kafkajs refuses a message without a value, and shows it in its error: that one stays as its caller made it. */
function inContextOf(batch: readonly TopicRecord[], at: number, sending: Sending): TopicRecord['messages'] {
  const { messages } = batch[at] as TopicRecord
  const told = inContext(messages, at, sending)
  let result = told
  for (const [index, message] of told.entries()) {
    const given = messages[index] as HeaderedMessage
    if (message === given || hasValue(message)) continue
    if (result === told) result = told.slice()
    ;(result as HeaderedMessage[])[index] = given
  }
  return result
}

/** A view is not read here: it shows itself in the error as its caller made it. */
const hasValue = (told: HeaderedMessage & { readonly value?: unknown }): boolean =>
  isView(told) || told.value !== undefined

/** The record with the messages as they go out, and the very list where none is another. */
const withMessages = (
  record: TopicRecord,
  read: Read,
  known: TopicRecord,
  told: readonly HeaderedMessage[],
): TopicRecord =>
  withProperties(record, told === known.messages ? read : { topic: read.topic, messages: told })

/** Of what is no record, or throws when it is read, nothing: kafkajs reads it again, and says what is wrong. */
function readRecord(record: unknown): Read | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  try {
    const { topic, messages } = record as Partial<TopicRecord>
    return { topic, messages }
  } catch (problem) {
    reportOnce('reading a record', problem)
    return undefined
  }
}

/** kafkajs answers bad arguments better than we could. */
function topicRecord({ topic, messages }: Read): TopicRecord | undefined {
  if (typeof topic !== 'string') return undefined
  const objects = objectsIn<HeaderedMessage>(messages)
  return objects && { topic, messages: objects }
}

const isThere = <T>(value: T): value is NonNullable<T> => value !== undefined && value !== null
