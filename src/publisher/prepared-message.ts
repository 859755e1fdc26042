import { isUint8Array } from 'node:util/types'
import { wordsOf } from '../base/foreign-text.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import type { KafkaJsMessage } from '../kafkajs/kafkajs-api.ts'
import { isLegalTopic } from '../messaging/topic-name.ts'
import type { Entry } from './message-list.ts'
import type { PublishableMessage } from './publisher-types.ts'

/** A partition is a 32-bit integer in the protocol, so no topic has a higher one. */
const LAST_PARTITION = 2_147_483_647

/** A message as it will be sent, and the place of its result. The caller's message is not read again. */
export interface PreparedMessage {
  /** Comes back in the result. */
  readonly recordId: string
  /** The index of its result. */
  readonly index: number
  readonly topic: string
  readonly message: KafkaJsMessage
}

/** A message that cannot be sent. */
export interface RefusedMessage {
  readonly recordId: string
  readonly index: number
  readonly error: KafkaPublishError
}

/** Checks a message and copies it into what kafkajs takes: the caller's objects are not changed. Does not throw. */
export function prepareMessage(
  { source, unreadable }: Entry,
  index: number,
  now: number,
): PreparedMessage | RefusedMessage {
  const recordId = recordIdOf(source, index)
  try {
    if (unreadable !== undefined) throw unreadable
    return { recordId, index, ...checkedMessage(source, now) }
  } catch (problem) {
    return { recordId, index, error: refusal(problem) }
  }
}

/** Each field is read once: a getter may return something else the next time. */
function checkedMessage(source: unknown, now: number): Pick<PreparedMessage, 'topic' | 'message'> {
  if (typeof source !== 'object' || source === null) throw invalid('message', 'an object')
  const { topic, key, value, headers = {}, partition, timestamp = now } = source as PublishableMessage
  // kafkajs requests the metadata of all topics at once, and an illegal one would make it fail for the others.
  if (!isLegalTopic(topic)) throw invalid('topic', '1 to 249 letters, digits, dots, hyphens and underscores')
  if (
    partition !== undefined &&
    !(Number.isInteger(partition) && partition >= 0 && partition <= LAST_PARTITION)
  )
    throw invalid('partition', `a whole number from 0 to ${LAST_PARTITION}`)
  const epochMs = epochMsOf(timestamp)
  if (!(epochMs >= 0 && epochMs <= Number.MAX_SAFE_INTEGER)) throw invalid('timestamp', 'epoch milliseconds')
  const written = Object.entries(namedHeaders(headers)).flatMap(([name, header]) =>
    header === undefined ? [] : [[name, headerBytes(name, header)] as const],
  )
  const message: KafkaJsMessage = {
    key: key === undefined || key === null ? null : bytes('key', key),
    value: value === null ? null : bytes('value', value),
    headers: Object.fromEntries(written),
    // Always set, so that a repetition has the same.
    timestamp: String(Math.trunc(epochMs)),
    ...(partition === undefined ? {} : { partition }),
  }
  return { topic, message }
}

/**
 * Also takes a Date, and digits as a text, which consumed messages have. Anything else is NaN: JavaScript would convert null,
 * an empty text and a list to 0, which is 1970.
 */
function epochMsOf(timestamp: unknown): number {
  if (typeof timestamp === 'number') return timestamp
  if (timestamp instanceof Date) return timestamp.getTime()
  return typeof timestamp === 'string' && /^\d+$/.test(timestamp) ? Number(timestamp) : Number.NaN
}

/** A header that a message has several times is a list. */
function headerBytes(name: string, header: unknown): Buffer | string | (Buffer | string)[] {
  const field = `headers.${name}`
  return Array.isArray(header) ? Array.from(header, (one) => bytes(field, one)) : bytes(field, header)
}

function bytes(field: string, value: unknown): Buffer | string {
  if (typeof value === 'string') return value
  if (!isUint8Array(value))
    throw invalid(field, field === 'value' ? 'a text, bytes or null' : 'a text or bytes')
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** Refuses a Map, a Headers object and a list of pairs: no headers would be sent, or indexes as their names. */
export function namedHeaders(headers: unknown): NonNullable<PublishableMessage['headers']> {
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw invalid('headers', "an object by name: { name: 'value' }")
  return headers as NonNullable<PublishableMessage['headers']>
}

/** Our own error as it is; what a getter of the caller's threw becomes one. */
export function refusal(problem: unknown): KafkaPublishError {
  const error = asError(problem)
  return error instanceof KafkaPublishError ? error : invalid('a message', 'fields that can be read', problem)
}

/** The error names the field and not its value, which may be confidential. */
export function invalid(field: string, takes: string, original?: unknown): KafkaPublishError {
  return new KafkaPublishError('message_invalid', { detail: `\`${field}\` takes ${takes}`, original })
}

/** The `recordId` that the caller gave, unchanged; else the index. It works for what is no message, too. */
function recordIdOf(source: unknown, index: number): string {
  try {
    return (source as Partial<PublishableMessage> | undefined)?.recordId ?? String(index)
  } catch {
    return String(index)
  }
}

/** Never throws: code of the caller's may throw anything, even a value that cannot be converted to text. */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
  } catch {
    // A Proxy that refuses to be inspected.
  }
  return new Error(wordsOf(thrown))
}
