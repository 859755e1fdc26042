import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import { guarded } from '../telemetry/guard.ts'
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
  return guarded(
    'extracting a context',
    () => {
      const { headers } = message
      return headers ? propagation.extract(ROOT_CONTEXT, headers, getter) : ROOT_CONTEXT
    },
    ROOT_CONTEXT,
  )
}

/** Of what was extracted, the span's context. */
export function spanContextOf(extracted: Context): SpanContext | undefined {
  if (extracted === ROOT_CONTEXT) return undefined
  const spanContext = guarded('extracting a context', () => trace.getSpanContext(extracted), undefined)
  return spanContext && isSpanContextValid(spanContext) ? spanContext : undefined
}

/** The span's context that a message already carries. */
export const carriedContext = (message: HeaderedMessage): SpanContext | undefined =>
  spanContextOf(extractedContext(message))

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
  const shared = own ? undefined : injection(within as Context)
  if (!own && !shared) return messages
  return Array.from(messages, (message, index) => {
    const context = own ? own[index] : (within as Context)
    if (carried[index] || !context) return message
    const injected = shared ?? injection(context)
    return injected
      ? guarded('injecting a context', () => inContext(message, injected, context), message)
      : message
  })
}

/** undefined where the propagator has nothing to say. */
function injection(within: Context): Record<string, string> | undefined {
  const injected: Record<string, string> = {}
  guarded('injecting a context', () => propagation.inject(within, injected, setter), undefined)
  return Object.keys(injected).length === 0 ? undefined : injected
}

/** A header that is no text would fail the send. */
const setter: TextMapSetter<Record<string, string>> = {
  set: (injected, key, value: unknown) => {
    if (typeof value === 'string') injected[key] = value
  },
}

function inContext<M extends HeaderedMessage & { readonly value?: unknown }>(
  message: M,
  injected: Record<string, string>,
  within: Context,
): M {
  const { headers: own, value } = message
  // kafkajs refuses both, and shows the message in its error: it stays as the caller made it.
  if (value === undefined || own === null) return message
  const taken = own && Object.keys(own).some((name) => Object.hasOwn(injected, name.toLowerCase()))
  // One that is there and not valid would hide ours.
  const ours = taken ? injection(withBaggageOf(own, within)) : injected
  return withHeaders(message, { ...own, ...ours })
}

/** A message's own entries of baggage are the caller's: they stay, and win. */
function withBaggageOf(headers: Headers, within: Context): Context {
  return guarded(
    'merging baggage',
    () => {
      const own = propagation.getBaggage(propagation.extract(ROOT_CONTEXT, headers, getter))
      if (!own) return within
      const ours = propagation.getBaggage(within) ?? propagation.createBaggage()
      const merged = own.getAllEntries().reduce((all, [key, entry]) => all.setEntry(key, entry), ours)
      return propagation.setBaggage(within, merged)
    },
    within,
  )
}
