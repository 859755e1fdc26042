import { classifyFailure } from '../../failures/classify.ts'
import { losesSequence } from '../error-kind.ts'

/** What a try that failed says against the producer it was made with. */
export type Doubt =
  /** The broker does not know its sequence numbers any more. */
  | 'sequence'
  /** The failure may be that of another topic: one that is denied or gone fails the metadata of all. */
  | 'topics'
  /** It may know the topic as it was minutes ago, or have mixed up its brokers (2.2.4, when it connects twice at once). */
  | 'partition'
  /** Nobody answers on a connection that kafkajs 2.2.4 would go on to use. */
  | 'silence'
  /** It may be unable to connect again, as kafkajs is once a connection broke in the middle of an answer. */
  | 'connection'

const METADATA_OF_ALL = /^(TOPIC_AUTHORIZATION_FAILED|UNKNOWN_TOPIC_OR_PARTITION|INVALID_TOPIC_EXCEPTION)$/
const SILENCE = /^(request_timeout|delivery_timeout|connection_lock_timeout)$/
const NO_ANSWER =
  /^(connection_\w+|authentication_timeout|client_erroneous_state|network_\w+|dns_\w+|tls_\w+|_OTHER)$/

/** @param encoded kafkajs got so far as to make the Produce request */
export function doubtOf(error: unknown, encoded: boolean): Doubt | undefined {
  if (losesSequence(error)) return 'sequence'
  const { code } = classifyFailure(error)
  if (METADATA_OF_ALL.test(code)) return encoded ? undefined : 'topics'
  if (code === 'partition_unknown') return 'partition'
  if (SILENCE.test(code)) return 'silence'
  return NO_ANSWER.test(code) ? 'connection' : undefined
}
