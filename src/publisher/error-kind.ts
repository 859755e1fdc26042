import { failureClass } from '../failures/catalogue.ts'
import { classifyFailure } from '../failures/classify.ts'
import type { PublishErrorKind } from './publisher-types.ts'

const POISON = new Set([
  'message_invalid',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])
const FATAL = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'UNSUPPORTED_VERSION',
  'INVALID_REQUIRED_ACKS',
])
const LOST_SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
])
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

/**
 * What to do about a failure. Only what is known to be hopeless is `fatal` or `poison`: kafkajs's own `retriable` is about
 * its own tries, and what is unknown may pass.
 */
export function kindOf(error: unknown): PublishErrorKind {
  const { code } = classifyFailure(error)
  if (POISON.has(code)) return 'poison'
  if (code === 'THROTTLING_QUOTA_EXCEEDED') return 'quota'
  if (code === 'publisher_busy') return 'backpressure'
  if (FATAL.has(code)) return 'fatal'
  const row = failureClass(code)
  return row && !row.retriable ? 'fatal' : 'retriable'
}

/** Of a transactional producer. Without a transactional id these codes say that the sequence is lost, no more. */
export const isFence = (error: unknown): boolean => FENCED.has(classifyFailure(error).code)

/** The broker does not know this producer's numbers any more. */
export function losesSequence(error: unknown): boolean {
  const { code } = classifyFailure(error)
  return LOST_SEQUENCE.has(code) || FENCED.has(code)
}
