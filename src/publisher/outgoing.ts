import { KafkaPublishError } from '../failures/errors.ts'
import type { KafkaJsMessage } from './kafkajs.ts'
import type { PublishableMessage, PublishResult } from './publisher-types.ts'

/** A message on its way: where it came from, and what goes out. */
export interface Outgoing {
  readonly source: PublishableMessage
  readonly recordId: string
  /** The place of its result. */
  readonly index: number
  message: KafkaJsMessage
}

const LEGAL_TOPIC = /^(?!\.{1,2}$)[\w.-]{1,249}$/

/**
 * As kafkajs takes it, in objects of our own: the caller's stay as they are.
 *
 * @throws KafkaPublishError `message_invalid`
 */
export function outgoing(source: PublishableMessage, index: number, now: number): Outgoing {
  if (typeof source !== 'object' || source === null) throw invalid('message', 'an object')
  const { topic, key, value, headers = {}, partition, timestamp = now, recordId = String(index) } = source
  // kafkajs asks for the metadata of all topics at once, and one that cannot be would fail the others.
  if (typeof topic !== 'string' || !LEGAL_TOPIC.test(topic))
    throw invalid('topic', '1 to 249 letters, digits, dots, hyphens and underscores')
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0))
    throw invalid('partition', 'a whole number from 0 on')
  if (!(timestamp >= 0 && timestamp <= Number.MAX_SAFE_INTEGER))
    throw invalid('timestamp', 'epoch milliseconds')
  if (typeof headers !== 'object' || headers === null) throw invalid('headers', 'an object')
  const written = Object.entries(headers).flatMap(([name, header]) =>
    header === undefined ? [] : [[name, bytes(`headers.${name}`, header)] as const],
  )
  const message: KafkaJsMessage = {
    key: key === undefined || key === null ? null : bytes('key', key),
    value: value === null ? null : bytes('value', value),
    headers: Object.fromEntries(written),
    // Set, so that a repetition has the same.
    timestamp: String(Math.trunc(timestamp)),
    ...(partition === undefined ? {} : { partition }),
  }
  return { source, recordId, index, message }
}

function bytes(field: string, value: unknown): Buffer | string {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw invalid(field, field === 'value' ? 'a text, bytes or null' : 'a text or bytes')
}

/** The field is named, its value is not: it may be anybody's. */
function invalid(field: string, takes: string): KafkaPublishError {
  return new KafkaPublishError('message_invalid', { detail: `\`${field}\` takes ${takes}` })
}

/** Which record a message is of, even where it is no message. */
export function recordIdOf(source: unknown, index: number): string {
  const { recordId } = (source ?? {}) as Partial<PublishableMessage>
  return typeof recordId === 'string' ? recordId : String(index)
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

export type Results = (PublishResult | undefined)[]
