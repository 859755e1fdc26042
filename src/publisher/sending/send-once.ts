import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsMessage, KafkaJsSender, PartitionAnswer } from '../../kafkajs/kafkajs-api.ts'
import type { Tried } from './send-with-retry.ts'

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

/** Kafka's errors for a batch that the broker looked at and did not append. */
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
  // Nobody answers, but where there was no request there is nothing to be answered either.
  if (acks === 0 && encoded) return { done: {} }
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
  // Only an answer to this request comes unwrapped.
  if ((error as { name?: unknown } | undefined)?.name !== 'KafkaJSProtocolError') return 'maybe'
  const { code } = classifyFailure(error)
  // On the first try, the numbers that the broker has seen before are those of other messages.
  if (code === 'DUPLICATE_SEQUENCE_NUMBER') return again ? 'yes' : 'no'
  return NOT_APPENDED.has(code) ? 'no' : 'maybe'
}
