import { KafkaPublishError } from '../failures/errors.ts'
import type { Tried } from './delivery.ts'
import type { KafkaJsMessage, KafkaJsSender, PartitionAnswer } from './kafkajs.ts'

/** Messages of one partition that go out together, and are written together or not at all. */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly KafkaJsMessage[]
}

/** They are in the topic. */
export interface Written {
  /** Where the first of them is, if the broker said so. */
  readonly baseOffset?: string | undefined
}

export interface SendSettings {
  readonly acks: number
  readonly timeout: number
  readonly compression: number
}

/** Kafka's error codes for a batch that the broker looked at and did not append. */
const NOT_APPENDED = new Set([
  2, // CORRUPT_MESSAGE
  10, // MESSAGE_TOO_LARGE
  17, // INVALID_TOPIC_EXCEPTION
  18, // RECORD_LIST_TOO_LARGE
  21, // INVALID_REQUIRED_ACKS
  29, // TOPIC_AUTHORIZATION_FAILED
  31, // CLUSTER_AUTHORIZATION_FAILED
  32, // INVALID_TIMESTAMP
  42, // INVALID_REQUEST
  43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44, // POLICY_VIOLATION
  45, // OUT_OF_ORDER_SEQUENCE_NUMBER
  47, // INVALID_PRODUCER_EPOCH
  59, // UNKNOWN_PRODUCER_ID
  87, // INVALID_RECORD
])
const DUPLICATE_SEQUENCE_NUMBER = 46

/**
 * One `send` of kafkajs, of one partition's messages, and whether they were written. Never throws.
 *
 * @param again an earlier try, with the same producer, may have written them
 */
export async function attempt(
  producer: KafkaJsSender,
  { topic, partition, messages }: Batch,
  settings: SendSettings,
  again: boolean,
): Promise<Tried<Written>> {
  let encoded = false
  const [first, ...rest] = messages as readonly [KafkaJsMessage, ...KafkaJsMessage[]]
  const watched: KafkaJsMessage = {
    ...first,
    // kafkajs reads it when it makes the request, and never before: unread, nothing can have been written. Its errors
    // cannot tell, since what fails while it reconnects takes the place of what happened to the request.
    get timestamp() {
      encoded = true
      return first.timestamp
    },
  }
  try {
    const answers = await producer.send({ topic, messages: [watched, ...rest], ...settings })
    return answered(answers, partition, settings.acks, encoded)
  } catch (error) {
    const written = writtenDespite(error, encoded, again)
    return written === 'yes' ? { done: {} } : { written, error, encoded }
  }
}

function answered(
  answers: readonly PartitionAnswer[],
  partition: number,
  acks: number,
  encoded: boolean,
): Tried<Written> {
  if (acks === 0) return { done: {} }
  const answer = answers.find((one) => one.partition === partition)
  if (answer) return { done: { baseOffset: offsetOf(answer) } }
  // kafkajs resolves with nothing where it found no leader for the partition, or has mixed up its brokers.
  return { written: encoded ? 'maybe' : 'no', encoded, error: new KafkaPublishError('partition_unknown') }
}

/** -1 stands for an offset that the broker does not know. */
const offsetOf = ({ baseOffset }: PartitionAnswer): string | undefined =>
  /^\d+$/.test(String(baseOffset)) ? String(baseOffset) : undefined

function writtenDespite(error: unknown, encoded: boolean, again: boolean): 'yes' | 'no' | 'maybe' {
  if (!encoded) return 'no'
  const { name, code } = error as { name?: unknown; code?: unknown }
  // Only an answer to this request comes unwrapped.
  if (name !== 'KafkaJSProtocolError' || typeof code !== 'number') return 'maybe'
  // On the first try, the numbers that the broker has seen before are those of other messages.
  if (code === DUPLICATE_SEQUENCE_NUMBER) return again ? 'yes' : 'no'
  return NOT_APPENDED.has(code) ? 'no' : 'maybe'
}
