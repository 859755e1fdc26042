import type { Attributes, Context, Link, SpanContext, TextMapGetter } from '@opentelemetry/api'
import { ownValue, withHeaders, withTexts } from '../base/with-properties.ts'
import { NO_CONTEXT, spanContextIn } from '../telemetry/contexts.ts'
import { reportOnce } from '../telemetry/guard.ts'
import { extracted, injected, withBaggageOf, withoutNames } from '../telemetry/propagators.ts'

/** Headers of a Kafka message, as kafkajs takes them. */
export type Headers = Record<string, Buffer | string | (Buffer | string)[] | undefined>

export interface HeaderedMessage {
  readonly headers?: Headers | undefined
}

const getter: TextMapGetter<Headers> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => {
    // Headers of other clients may be written in another case.
    const name =
      key in headers ? key : Object.keys(headers).find((candidate) => candidate.toLowerCase() === key)
    const value = name === undefined ? undefined : headers[name]
    if (!Array.isArray(value)) return value?.toString()
    const values = value.filter(isThere)
    // Whoever forwards a message may append to what it carries: the last is where it comes from. Baggage is merged.
    return key === 'baggage' && values.length > 1 ? values.map(String) : values.at(-1)?.toString()
  },
}

const isThere = <T>(value: T): value is NonNullable<T> => value !== undefined && value !== null

/** All that a message's headers carry, by whatever propagator is configured: a span's context, baggage. */
export function extractedContext(message: HeaderedMessage): Context {
  const headers = headersOf(message)
  return headers ? extracted(headers, getter) : NO_CONTEXT
}

/** What was read of the headers of messages before they are sent: of each once, as what sends them reads it. */
export interface ReadHeaders {
  /** null where they cannot be read. */
  readonly headers: readonly (Headers | null | undefined)[]
  /** The spans' contexts that they carry already; undefined where none does. */
  readonly contexts: readonly (SpanContext | undefined)[] | undefined
}

export function readHeaders(messages: readonly HeaderedMessage[]): ReadHeaders {
  const headers = messages.map(headersOf)
  let contexts: (SpanContext | undefined)[] | undefined
  for (const [index, own] of headers.entries()) {
    const carried = own ? spanContextIn(extracted(own, getter)) : undefined
    if (!carried) continue
    contexts ??= new Array(messages.length).fill(undefined)
    contexts[index] = carried
  }
  return { headers, contexts }
}

function headersOf(message: HeaderedMessage): Headers | null | undefined {
  try {
    return message.headers
  } catch (problem) {
    reportOnce('reading headers', problem)
    return null
  }
}

/** The span's context that a message already carries. */
export const carriedContext = (message: HeaderedMessage): SpanContext | undefined =>
  spanContextIn(extractedContext(message))

export const MAX_LINKS = 128

/** Where a message was created, and what its link says. */
export interface Created {
  readonly spanContext: SpanContext
  attributes?(): Attributes
}

/** Links to the contexts that the messages carry, each once. */
export const linksTo = (carried: Iterable<SpanContext | undefined>): readonly Link[] =>
  linksToCreated(createdIn(carried))

function* createdIn(carried: Iterable<SpanContext | undefined>): Iterable<Created> {
  for (const spanContext of carried) if (spanContext) yield { spanContext }
}

/** The same; of several messages created in one place, nothing is said. */
export function linksToCreated(created: Iterable<Created>): Link[] {
  const links = new Map<string, Link>()
  for (const { spanContext, attributes } of created) {
    // Only what they say could still change.
    if (links.size === MAX_LINKS && !attributes) break
    const place = `${spanContext.traceId}-${spanContext.spanId}`
    const said = attributes && !links.has(place) ? { attributes: attributes() } : {}
    if (links.has(place) || links.size < MAX_LINKS) links.set(place, { context: spanContext, ...said })
  }
  return [...links.values()]
}

/**
 * The messages with a context in their headers: the one given, or each its own. The caller's array, messages and headers
 * stay as they are, and so does a message that carries a context already. Without a propagator it is the same array.
 */
export function withContext<M extends HeaderedMessage>(
  messages: readonly M[],
  { headers, contexts }: ReadHeaders,
  within: Context | readonly (Context | undefined)[],
): readonly M[] {
  const own = Array.isArray(within) ? (within as readonly (Context | undefined)[]) : undefined
  const shared = own ? undefined : injected(within as Context)
  let changed = false
  const told = messages.map((message, index) => {
    const context = own ? own[index] : (within as Context)
    const texts = contexts?.[index] || !context ? undefined : own ? injected(context) : shared
    const read = headers[index]
    const out = texts && context ? inContext(message, read, texts, context) : withRead(message, read)
    changed ||= out !== message
    return out
  })
  return changed ? told : messages
}

function inContext<M extends HeaderedMessage>(
  message: M,
  own: Headers | null | undefined,
  texts: Record<string, string>,
  within: Context,
): M {
  try {
    // kafkajs refuses it, and would not with ours in its place.
    if (own === null) return message
    const taken = own && Object.keys(own).filter((name) => Object.hasOwn(texts, name.toLowerCase()))
    if (!own || !taken?.length) return withHeaders(message, withTexts(own, texts))
    // The same: nor this.
    if (!taken.every((name) => isHeader(own[name]))) return withRead(message, own)
    // One that is there and not valid would hide ours. A message's own entries of baggage stay, and win.
    const ours = injected(withBaggageOf(extracted(own, getter), within)) ?? {}
    return withHeaders(message, withTexts(own, withoutNames(ours, Object.keys(own))))
  } catch (problem) {
    reportOnce('reading a message', problem)
    return message
  }
}

const isHeader = (value: unknown): boolean =>
  value === undefined || typeof value === 'string' || ArrayBuffer.isView(value) || Array.isArray(value)

/** The message with the headers that were read of it, since a getter may give others the next time. */
const withRead = <M extends HeaderedMessage>(message: M, read: Headers | null | undefined): M =>
  !read || ownValue(message, 'headers') === read ? message : withHeaders(message, read)
