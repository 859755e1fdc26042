import type { Attributes, Context, Link, SpanContext, TextMapGetter } from '@opentelemetry/api'
import { NO_CONTEXT, spanContextIn } from '../telemetry/contexts.ts'
import { guarded, reportOnce } from '../telemetry/guard.ts'
import { extracted, injected, withBaggageOf, withoutNames } from '../telemetry/propagators.ts'
import { withHeaders } from './with-properties.ts'

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
    const values = (Array.isArray(value) ? value : [value]).filter(isThere)
    // Whoever forwards a message may append to what it carries: the last is where it comes from. Baggage is merged.
    return key === 'baggage' && values.length > 1 ? values.map(String) : values.at(-1)?.toString()
  },
}

const isThere = <T>(value: T): value is NonNullable<T> => value !== undefined && value !== null

/** All that a message's headers carry, by whatever propagator is configured: a span's context, baggage. */
export function extractedContext(message: HeaderedMessage): Context {
  const headers = guarded('reading headers', () => message.headers, undefined)
  return headers ? extracted(headers, getter) : NO_CONTEXT
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
export const linksTo = (carried: Iterable<SpanContext | undefined>): Link[] =>
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
  carried: readonly (SpanContext | undefined)[],
  within: Context | readonly (Context | undefined)[],
): readonly M[] {
  const own = Array.isArray(within) ? (within as readonly (Context | undefined)[]) : undefined
  const shared = own ? undefined : injected(within as Context)
  if (!own && !shared) return messages
  const told: M[] = []
  for (const [index, message] of messages.entries()) {
    const context = own ? own[index] : (within as Context)
    const texts = carried[index] || !context ? undefined : (shared ?? injected(context))
    told.push(texts && context ? inContext(message, texts, context) : message)
  }
  return told
}

function inContext<M extends HeaderedMessage>(message: M, texts: Record<string, string>, within: Context): M {
  try {
    const { headers: own } = message
    // kafkajs refuses it, and would not with ours in its place.
    if (own === null) return message
    const taken = own && Object.keys(own).some((name) => Object.hasOwn(texts, name.toLowerCase()))
    if (!taken) return withHeaders(message, { ...own, ...texts })
    // One that is there and not valid would hide ours. A message's own entries of baggage stay, and win.
    const ours = injected(withBaggageOf(extracted(own, getter), within)) ?? {}
    return withHeaders(message, { ...own, ...withoutNames(ours, Object.keys(own)) })
  } catch (problem) {
    reportOnce('reading a message', problem)
    return message
  }
}
