/** Of this library: thrown before a client gets the message. */
const OUR_REFUSALS: ReadonlySet<string> = new Set(['message_invalid', 'publisher_not_connected'])
/** kafkajs throws these itself, and wraps into them what a request came to: that is the cause then. */
const KAFKAJS_CHECKS: ReadonlySet<unknown> = new Set([
  'KafkaJSError',
  'KafkaJSNonRetriableError',
  'KafkaJSNotImplemented',
])
/** Mistakes in what was given, found while a request is encoded. kafkajs tries none of them again. */
const MISTAKES: ReadonlySet<unknown> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])
/** The same classes where a broker was asked: there is no leader, its answer has no versions, or cannot be read. */
const ASKED =
  /^(?:Invalid partition metadata|API Versions not supported|Invalid state, can't transition|Attempt to access memory outside buffer|The value of "offset" is out of range)/
const MAX_LINKS = 20

/**
 * Whether a send ended inside this process, before any request: by kafkajs's checks of what it was given, or by ours.
 * Such messages were not sent, and the conventions forbid to count them as sent.
 *
 * @param code of the failure
 */
export function refusedInProcess(error: unknown, code: string): boolean {
  if (OUR_REFUSALS.has(code)) return true
  if (code !== '_OTHER') return false
  const { name, code: own, message } = rootOf(error)
  if (typeof message === 'string' && ASKED.test(message)) return false
  // confluent's client uses the same class with a code for what librdkafka says.
  return MISTAKES.has(name) || (KAFKAJS_CHECKS.has(name) && own === undefined)
}

function rootOf(error: unknown): {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
} {
  try {
    let root = error as { name?: unknown; code?: unknown; message?: unknown; cause?: unknown }
    for (let depth = 0; depth < MAX_LINKS && isObject(root.cause); depth += 1)
      root = root.cause as typeof root
    const { name, code, message } = root
    return { name, code, message }
  } catch {
    return {}
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
