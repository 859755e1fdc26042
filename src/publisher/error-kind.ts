import { failureClass } from '../failures/catalogue.ts'
import { classifyFailure } from '../failures/classify.ts'
import { isKafkaErrorName } from '../failures/kafka-errors.ts'
import { isRetriableKafkaError } from '../failures/retriable-kafka-errors.ts'
import type { PublishErrorKind } from './publisher-types.ts'

/** About the message itself, so that another one may well be taken. */
const POISON = new Set([
  'message_invalid',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])
const LOST_SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
])
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

/**
 * What to do about an error of a producer, of kafkajs or of this library. Errors of Kafka are `retriable` exactly where
 * Kafka's Java client has a RetriableException, but for THROTTLING_QUOTA_EXCEEDED, which is `quota`; the others are
 * `poison` where the message itself is the reason, `fenced` where another producer has taken over, else `fatal`. Of other
 * errors, only those that are known to be hopeless are `fatal`: what is unknown may clear on its own. Never throws.
 *
 * It reads the error alone. The `errorKind` of a result also says whether the message may have been written: then it is
 * `retriable` where this function says `fatal` or `poison`.
 *
 * @example
 * ```ts
 * await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] }).catch((error) => {
 *   if (publishErrorKind(error) !== 'poison') throw error
 *   console.error('no broker would take this message', error)
 * })
 * ```
 */
export function publishErrorKind(error: unknown): PublishErrorKind {
  const { code } = classifyFailure(error)
  if (POISON.has(code)) return 'poison'
  if (FENCED.has(code)) return 'fenced'
  if (code === 'THROTTLING_QUOTA_EXCEEDED') return 'quota'
  if (code === 'publisher_busy') return 'backpressure'
  if (isKafkaErrorName(code)) return isRetriableKafkaError(code) ? 'retriable' : 'fatal'
  const row = failureClass(code)
  return row && !row.retriable ? 'fatal' : 'retriable'
}

/** The same for a producer without a transactional id, which nobody can fence. */
export function kindOf(error: unknown): PublishErrorKind {
  const kind = publishErrorKind(error)
  return kind === 'fenced' ? 'fatal' : kind
}

/** Of a transactional producer. Without a transactional id these codes say that the sequence is lost, no more. */
export const isFence = (error: unknown): boolean => publishErrorKind(error) === 'fenced'

/** The broker does not know this producer's numbers any more. */
export function losesSequence(error: unknown): boolean {
  const { code } = classifyFailure(error)
  return LOST_SEQUENCE.has(code) || FENCED.has(code)
}
