import {
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
    const first = Array.isArray(value) ? value[0] : value
    return first === undefined || first === null ? undefined : first.toString()
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

/** Links to the contexts that the messages carry, each once. */
export function linksTo(carried: Iterable<SpanContext | undefined>): Link[] {
  const seen = new Map<string, Link>()
  for (const spanContext of carried) {
    if (!spanContext) continue
    seen.set(`${spanContext.traceId}-${spanContext.spanId}`, { context: spanContext })
    if (seen.size === MAX_LINKS) break
  }
  return [...seen.values()]
}

/**
 * The messages with a context in their headers. The caller's array, messages and headers stay as they are, and
 * so does a message that carries a context already. Without a propagator it is the same array.
 */
export function withContext<M extends HeaderedMessage>(
  messages: readonly M[],
  carried: readonly (SpanContext | undefined)[],
  within: Context,
): readonly M[] {
  const injected: Record<string, string> = {}
  guarded('injecting a context', () => propagation.inject(within, injected), undefined)
  if (Object.keys(injected).length === 0) return messages
  return messages.map((message, index) =>
    // One that is there and not valid would hide ours.
    carried[index] ? message : { ...message, headers: { ...message.headers, ...injected } },
  )
}
