import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api'
import { guarded } from '../telemetry/guard.ts'
import { override } from './override.ts'

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
    const [first, ...more] = Array.isArray(value) ? value : [value]
    if (first === undefined || first === null) return undefined
    return more.length === 0 ? first.toString() : [first, ...more].map(String)
  },
}

/** All that a message's headers carry, by whatever propagator is configured: a span's context, baggage. */
export function extractedContext({ headers }: HeaderedMessage): Context {
  if (!headers) return ROOT_CONTEXT
  return guarded(
    'extracting a context',
    () => propagation.extract(ROOT_CONTEXT, headers, getter),
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
  if (!Array.isArray(within)) {
    const shared = injection(within as Context)
    if (!shared) return messages
    return messages.map((message, index) =>
      carried[index] ? message : withHeaders(message, shared, within as Context),
    )
  }
  return messages.map((message, index) => {
    const own = carried[index] ? undefined : (within[index] as Context | undefined)
    const injected = own && injection(own)
    return injected ? withHeaders(message, injected, own) : message
  })
}

/** undefined where the propagator has nothing to say. */
function injection(within: Context): Record<string, string> | undefined {
  const injected: Record<string, string> = {}
  guarded('injecting a context', () => propagation.inject(within, injected), undefined)
  return Object.keys(injected).length === 0 ? undefined : injected
}

function withHeaders<M extends HeaderedMessage>(
  message: M,
  injected: Record<string, string>,
  within: Context,
): M {
  const { headers: own } = message
  const taken = own && Object.keys(own).some((name) => name.toLowerCase() in injected)
  // One that is there and not valid would hide ours.
  const headers = own
    ? { ...own, ...(taken ? injection(withBaggageOf(own, within)) : injected) }
    : { ...injected }
  const prototype: unknown = Object.getPrototypeOf(message)
  const plain = prototype === Object.prototype || prototype === null
  return plain ? { ...message, headers } : override(message, { headers })
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
