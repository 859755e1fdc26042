import { classifyFailure } from '../failures/classify.ts'

/**
 * Answers to EndTxn that the coordinator gives before it writes anything. With the others it may have written the
 * commit: NOT_COORDINATOR is also its answer where it lost its office just after that, COORDINATOR_NOT_AVAILABLE where
 * too few replicas have confirmed it, and the next coordinator then commits.
 */
const REFUSED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_ABORTABLE',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_REQUEST',
  'UNSUPPORTED_VERSION',
])

/** What became of a transaction whose commit failed. Never throws. */
export const outcomeOfFailedCommit = (error: unknown): 'abort' | 'unknown' =>
  isProtocolError(error) && REFUSED.has(classifyFailure(error).code) ? 'abort' : 'unknown'

/** The answer to this very request: kafkajs makes something else of every other failure. */
function isProtocolError(error: unknown): boolean {
  try {
    return (error as Error | undefined)?.name === 'KafkaJSProtocolError'
  } catch {
    return false
  }
}
