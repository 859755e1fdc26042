import { classifyFailure } from '../../failures/classify.ts'
import { losesSequence } from '../error-kind.ts'

/** Why the producer that a failed try was made with may not be usable any more. */
export type ProducerFault =
  /** The broker does not know its sequence numbers any more. */
  | 'sequence'
  /** Another topic may be the cause: one that is denied or deleted makes the metadata request of all topics fail. */
  | 'topics'
  /** Its metadata of the topic may be minutes old, or it has mixed up its brokers (kafkajs 2.2.4, when it connects twice at once). */
  | 'partition'
  /** No answer came on a connection that kafkajs 2.2.4 would continue to use. */
  | 'silence'
  /** It may be unable to connect again, as kafkajs is after a connection broke in the middle of an answer. */
  | 'connection'

const METADATA_OF_ALL = /^(TOPIC_AUTHORIZATION_FAILED|UNKNOWN_TOPIC_OR_PARTITION|INVALID_TOPIC_EXCEPTION)$/
const SILENT = /^(request_timeout|delivery_timeout|connection_lock_timeout)$/
const DISCONNECTED =
  /^(connection_\w+|authentication_timeout|client_erroneous_state|network_\w+|dns_\w+|tls_\w+|_OTHER)$/

/** @param encoded kafkajs got so far as to encode the Produce request */
export function producerFaultOf(error: unknown, encoded: boolean): ProducerFault | undefined {
  if (losesSequence(error)) return 'sequence'
  const { code } = classifyFailure(error)
  if (METADATA_OF_ALL.test(code)) return encoded ? undefined : 'topics'
  if (code === 'partition_unknown') return 'partition'
  if (SILENT.test(code)) return 'silence'
  return DISCONNECTED.test(code) ? 'connection' : undefined
}
