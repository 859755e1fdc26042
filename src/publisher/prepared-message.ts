import { isUint8Array } from 'node:util/types'
import { wordsOf } from '../base/redact.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import type { KafkaJsMessage } from '../kafkajs/kafkajs-api.ts'
import { isLegalTopic } from '../messaging/topic-name.ts'
import type { Entry } from './message-list.ts'
import type { PublishableMessage } from './publisher-types.ts'

/** The protocol has it as a 32-bit integer, so no topic will ever have one beyond it. */
const LAST_PARTITION = 2_147_483_647

/** A message on its way: where it came from, and what goes out. The caller's message is not read again. */
export interface Outgoing {
  /** Comes back in the result. */
  readonly recordId: string
  /** The place of its result. */
  readonly index: number
  readonly topic: string
  readonly message: KafkaJsMessage
}

/** A message that cannot be sent. */
export interface Refused {
  readonly recordId: string
  readonly index: number
  readonly error: KafkaPublishError
}

/** As kafkajs takes it, in objects of our own: the caller's stay as they are. Does not throw. */
export function outgoing({ source, unreadable }: Entry, index: number, now: number): Outgoing | Refused {
  const recordId = recordIdOf(source, index)
  try {
    if (unreadable !== undefined) throw unreadable
    return { recordId, index, ...sendable(source, now) }
  } catch (problem) {
    return { recordId, index, error: refusal(problem) }
  }
}

/** Each field is read once: a getter may answer otherwise the next time. */
function sendable(source: unknown, now: number): Pick<Outgoing, 'topic' | 'message'> {
  if (typeof source !== 'object' || source === null) throw invalid('message', 'an object')
  const { topic, key, value, headers = {}, partition, timestamp = now } = source as PublishableMessage
  // kafkajs asks for the metadata of all topics at once, and one that cannot be would fail the others.
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
    // Set, so that a repetition has the same.
    timestamp: String(Math.trunc(epochMs)),
    ...(partition === undefined ? {} : { partition }),
  }
  return { topic, message }
}

/**
 * Also of a Date, and of a text of digits as consumed messages have it. NaN of anything else: null, an empty text and a
 * list would be taken for 0, which is 1970.
 */
function epochMsOf(timestamp: unknown): number {
  if (typeof timestamp === 'number') return timestamp
  if (timestamp instanceof Date) return timestamp.getTime()
  return typeof timestamp === 'string' && /^\d+$/.test(timestamp) ? Number(timestamp) : Number.NaN
}

/** A header that stands several times in a message has several values. */
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

/** Of a Map, a Headers object or a list of pairs nothing would be sent, or the places as names. */
export function namedHeaders(headers: unknown): NonNullable<PublishableMessage['headers']> {
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw invalid('headers', "an object by name: { name: 'value' }")
  return headers as NonNullable<PublishableMessage['headers']>
}

/** Our own error, or one for what a getter of the caller's has thrown. */
export function refusal(problem: unknown): KafkaPublishError {
  const error = asError(problem)
  return error instanceof KafkaPublishError ? error : invalid('a message', 'fields that can be read', problem)
}

/** The field is named, its value is not: it may be anybody's. */
export function invalid(field: string, takes: string, original?: unknown): KafkaPublishError {
  return new KafkaPublishError('message_invalid', { detail: `\`${field}\` takes ${takes}`, original })
}

/** Which record a message is of, even where it is no message. What the caller gave comes back as it is. */
function recordIdOf(source: unknown, index: number): string {
  try {
    return (source as Partial<PublishableMessage> | undefined)?.recordId ?? String(index)
  } catch {
    return String(index)
  }
}

/** Never throws: what code of the caller's has thrown may be anything, also what cannot be turned into text. */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
  } catch {
    // A Proxy that does not say what it is.
  }
  return new Error(wordsOf(thrown))
}
