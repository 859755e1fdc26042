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
  const { name, code: own } = rootOf(error)
  // confluent's client uses the same class with a code for what librdkafka says.
  return MISTAKES.has(name) || (KAFKAJS_CHECKS.has(name) && own === undefined)
}

function rootOf(error: unknown): { readonly name?: unknown; readonly code?: unknown } {
  try {
    let root = error as { name?: unknown; code?: unknown; cause?: unknown }
    for (let depth = 0; depth < MAX_LINKS && isObject(root.cause); depth += 1)
      root = root.cause as typeof root
    const { name, code } = root
    return { name, code }
  } catch {
    return {}
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
