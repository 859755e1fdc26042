import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import { reportOnce, unawaited } from './guard.ts'

/** Nothing is active in it. */
export const NO_CONTEXT: Context = ROOT_CONTEXT

/** The context that is active, or the root where the context manager gives none. */
export const activeContext = (): Context => contextFrom('ContextManager.active', readActive, ROOT_CONTEXT)

const readActive = () => context.active()

/** What `read` gives if that is a context, else `fallback`: a context manager or a propagator may give anything. */
export function contextFrom(place: string, read: () => unknown, fallback: Context): Context {
  try {
    return checked(place, read(), fallback)
  } catch (problem) {
    reportOnce(place, problem)
    return fallback
  }
}

function checked(place: string, given: unknown, fallback: Context): Context {
  if (isContext(given)) return given
  unawaited(given)
  reportOnce(place, 'it gave something that is no context')
  return fallback
}

function isContext(given: unknown): given is Context {
  const { getValue, setValue, deleteValue } = (given ?? {}) as Partial<Context>
  return typeof getValue === 'function' && typeof setValue === 'function' && typeof deleteValue === 'function'
}

/** `within` with a span made active in it. */
export function withActiveSpan(within: Context, span: Span): Context {
  try {
    return checked('Context.setValue', trace.setSpan(within, span), within)
  } catch (problem) {
    reportOnce('Context.setValue', problem)
    return within
  }
}

/** `within` without the span that is active in it; baggage stays. */
export const withoutSpan = (within: Context): Context =>
  contextFrom('Context.deleteValue', () => trace.deleteSpan(within), within)

/** The span that is active in a context. */
export function spanIn(within: Context): Span | undefined {
  try {
    const span = trace.getSpan(within)
    if (span === undefined || typeof span?.spanContext === 'function') return span
    unawaited(span)
    reportOnce('Context.getValue', 'it gave something that is no span')
  } catch (problem) {
    reportOnce('Context.getValue', problem)
  }
  return undefined
}

/** The valid context of the span that is active in a context: of a span here, or of one that sent a message. */
export function spanContextIn(within: Context): SpanContext | undefined {
  if (within === ROOT_CONTEXT) return undefined
  const span = spanIn(within)
  return span && spanContextOf(span)
}

/** undefined where it has none, or none that is valid. */
export function spanContextOf(span: Span): SpanContext | undefined {
  try {
    const given = span.spanContext()
    const { traceId, spanId, traceFlags } = (given ?? {}) as Partial<SpanContext>
    const readable =
      typeof traceId === 'string' && typeof spanId === 'string' && typeof traceFlags === 'number'
    if (readable) return isSpanContextValid(given) ? given : undefined
    unawaited(given)
    reportOnce('Span.spanContext', 'it gave something that is no span context')
  } catch (problem) {
    reportOnce('Span.spanContext', problem)
  }
  return undefined
}

/**
 * Runs `work` in a context, exactly once and before it returns, whatever the context manager does with the callback:
 * calls it twice, never or later, or throws before or after it. Only OpenTelemetry's context is another one inside: the
 * caller's own `AsyncLocalStorage` is as it was.
 */
export function runIn<T>(within: Context, work: () => T): T {
  let ran: 'no' | 'returned' | 'threw' = 'no'
  let outcome: unknown
  const once = () => {
    if (ran !== 'no') return
    ran = 'threw'
    try {
      outcome = work()
      ran = 'returned'
    } catch (error) {
      outcome = error
    }
  }
  try {
    unawaited(context.with(within, once))
  } catch (problem) {
    reportOnce('ContextManager.with', problem)
  }
  once()
  if ((ran as string) === 'threw') throw outcome
  return outcome as T
}

/** For timers and background work: what is started inside a span would keep that span as its parent long after it ended. */
export const runInRoot = <T>(work: () => T): T => runIn(ROOT_CONTEXT, work)
