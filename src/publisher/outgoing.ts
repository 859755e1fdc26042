import { isUint8Array } from 'node:util/types'
import { KafkaPublishError } from '../failures/errors.ts'
import { isLegalTopic } from '../topic-name.ts'
import type { KafkaJsMessage } from './kafkajs.ts'
import type { Entry } from './message-list.ts'
import type { PublishableMessage } from './publisher-types.ts'

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
    const known = problem instanceof KafkaPublishError
    return {
      recordId,
      index,
      error: known ? problem : invalid('a message', 'fields that can be read', problem),
    }
  }
}

/** Each field is read once: a getter may answer otherwise the next time. */
function sendable(source: unknown, now: number): Pick<Outgoing, 'topic' | 'message'> {
  if (typeof source !== 'object' || source === null) throw invalid('message', 'an object')
  const { topic, key, value, headers = {}, partition, timestamp = now } = source as PublishableMessage
  // kafkajs asks for the metadata of all topics at once, and one that cannot be would fail the others.
  if (!isLegalTopic(topic)) throw invalid('topic', '1 to 249 letters, digits, dots, hyphens and underscores')
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0))
    throw invalid('partition', 'a whole number from 0 on')
  if (!(timestamp >= 0 && timestamp <= Number.MAX_SAFE_INTEGER))
    throw invalid('timestamp', 'epoch milliseconds')
  if (typeof headers !== 'object' || headers === null) throw invalid('headers', 'an object')
  const written = Object.entries(headers).flatMap(([name, header]) =>
    header === undefined ? [] : [[name, headerBytes(name, header)] as const],
  )
  const message: KafkaJsMessage = {
    key: key === undefined || key === null ? null : bytes('key', key),
    value: value === null ? null : bytes('value', value),
    headers: Object.fromEntries(written),
    // Set, so that a repetition has the same.
    timestamp: String(Math.trunc(timestamp)),
    ...(partition === undefined ? {} : { partition }),
  }
  return { topic, message }
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

/** The field is named, its value is not: it may be anybody's. */
function invalid(field: string, takes: string, original?: unknown): KafkaPublishError {
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

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
