import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsMessage, KafkaJsSender, PartitionAnswer } from '../../kafkajs/kafkajs-api.ts'
import type { TryResult } from './send-with-retry.ts'

/** Messages of one partition that go out together, and are written together or not at all. */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly KafkaJsMessage[]
}

/** The messages are in the topic. */
export interface Written {
  /** The offset of the first message, if the broker reported it. */
  readonly baseOffset?: string | undefined
}

export interface SendSettings {
  readonly acks: number
  readonly timeout: number
  readonly compression: number
}

/** Kafka's errors for a batch that the broker checked and did not append. */
const NOT_APPENDED = new Set([
  'CORRUPT_MESSAGE',
  'MESSAGE_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_REQUIRED_ACKS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_VERSION',
  'INVALID_REQUEST',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'UNKNOWN_PRODUCER_ID',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'INVALID_RECORD',
  'PRODUCER_FENCED',
  'TRANSACTION_ABORTABLE',
])

/**
 * One `send` of kafkajs with the messages of one partition. Reports whether they were written. Never throws.
 *
 * @param repeated an earlier try, with the same producer, may have written them
 */
export async function sendOnce(
  producer: KafkaJsSender,
  { topic, partition, messages }: Batch,
  settings: SendSettings,
  repeated: boolean,
): Promise<TryResult<Written>> {
  let encoded = false
  const [first, ...rest] = messages as readonly [KafkaJsMessage, ...KafkaJsMessage[]]
  const watched: KafkaJsMessage = {
    ...first,
    // kafkajs reads it when it encodes the request, and never before: unread, nothing can have been written. Its errors do
    // not show that, since a failure to reconnect takes the place of what happened to the request.
    get timestamp() {
      encoded = true
      return first.timestamp
    },
  }
  try {
    const answers = await producer.send({ topic, messages: [watched, ...rest], ...settings })
    return resultOf(answers, partition, settings.acks, encoded)
  } catch (error) {
    const written = writtenDespite(error, encoded, repeated)
    return written === 'yes' ? { done: {} } : { written, error, encoded }
  }
}

function resultOf(
  answers: readonly PartitionAnswer[],
  partition: number,
  acks: number,
  encoded: boolean,
): TryResult<Written> {
  // No broker answers, so a request that was encoded is all that can be known; without one, nothing was sent.
  if (acks === 0 && encoded) return { done: {} }
  const answer = answers.find((one) => one.partition === partition)
  if (answer) return { done: { baseOffset: offsetOf(answer) } }
  // kafkajs resolves with nothing where it found no leader for the partition, or has mixed up its brokers.
  return { written: encoded ? 'maybe' : 'no', encoded, error: new KafkaPublishError('partition_unknown') }
}

/** undefined for -1, which is an offset that the broker does not know. */
const offsetOf = ({ baseOffset }: PartitionAnswer): string | undefined =>
  /^\d+$/.test(String(baseOffset)) ? String(baseOffset) : undefined

function writtenDespite(error: unknown, encoded: boolean, repeated: boolean): 'yes' | 'no' | 'maybe' {
  if (!encoded) return 'no'
  // Only the broker's answer to this request is not wrapped in another error.
  if ((error as { name?: unknown } | undefined)?.name !== 'KafkaJSProtocolError') return 'maybe'
  const { code } = classifyFailure(error)
  // On a first try, the sequence numbers that the broker has seen before are those of other messages.
  if (code === 'DUPLICATE_SEQUENCE_NUMBER') return repeated ? 'yes' : 'no'
  return NOT_APPENDED.has(code) ? 'no' : 'maybe'
}
