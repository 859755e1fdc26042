import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import type { Phase } from '../failures/failure-class.ts'
import { VERSION } from '../version.ts'
import { guarded } from './guard.ts'
import { Attribute, SCOPE } from './names.ts'

let tracer: Tracer | undefined
// The API hands out a proxy, so a tracer asked for before the SDK starts works after it.
const theTracer = (): Tracer => {
  tracer ??= trace.getTracer(SCOPE, VERSION)
  return tracer
}

const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

export interface SpanSettings {
  readonly kind?: SpanKind
  readonly attributes?: Attributes
  readonly links?: readonly Link[]
  /** Default: the active context. */
  readonly parent?: Context
  /** How a failure is read. Default `broker`. */
  readonly phase?: Phase
  /** Reads a failure in its own way. Default: `classifyFailure` in that phase. */
  readonly read?: (error: unknown) => ClassifiedFailure
}

/** A span that cannot throw. */
export interface SafeSpan {
  readonly spanContext: SpanContext
  /** The context in which the span is active. */
  readonly context: Context
  set(attributes: Attributes): void
  link(target: SpanContext | undefined): void
  /** For a failure that is not thrown. */
  fail(error: unknown): void
}

/** A span that its owner ends, once. It is active only in what it runs. */
export interface OpenSpan extends SafeSpan {
  /** Runs `work` with the span active beside whatever else is active then: baggage. */
  run<T>(work: () => T): T
  end(): void
}

/**
 * Runs `work` inside a new span and ends the span when it settles. A rejection becomes `error.type` and status ERROR
 * with the catalogue's sentence, or the error's own text without values where there is none, and is rethrown as it is.
 */
export async function withSpan<T>(
  name: string,
  settings: SpanSettings,
  work: (span: SafeSpan) => Promise<T>,
): Promise<T> {
  const span = openSpan(name, settings)
  try {
    return await runIn(span.context, () => work(span))
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

export function openSpan(
  name: string,
  {
    kind = SpanKind.INTERNAL,
    attributes = {},
    links = [],
    parent,
    phase = 'broker',
    read = (error) => classifyFailure(error, phase),
  }: SpanSettings,
): OpenSpan {
  const within = parent ?? activeContext()
  const options = { kind, attributes, links: [...links] }
  const span = guarded('starting a span', () => theTracer().startSpan(name, options, within), noSpan)
  const around = (other: Context) => guarded('activating a span', () => trace.setSpan(other, span), other)
  return {
    spanContext: guarded('reading a span', () => span.spanContext(), INVALID_SPAN_CONTEXT),
    context: around(within),
    set: (attributes) => void guarded('setting attributes', () => span.setAttributes(attributes), span),
    link: (target) => {
      if (target && isSpanContextValid(target))
        guarded('linking a span', () => span.addLink({ context: target }), span)
    },
    fail: (error) => guarded('recording a failure', () => recordFailure(span, read(error)), undefined),
    run: (work) => runIn(around(activeContext()), work),
    end: () => guarded('ending a span', () => span.end(), undefined),
  }
}

function recordFailure(span: Span, failure: ClassifiedFailure): void {
  span.setAttributes({
    [Attribute.ErrorType]: failure.code,
    [Attribute.FailureHint]: failure.hint,
    ...(failure.requestId ? { [Attribute.BrokerRequestId]: failure.requestId } : {}),
  })
  span.setStatus({ code: SpanStatusCode.ERROR, message: failure.title })
}

export function activeContext(): Context {
  return guarded('reading the context', () => context.active(), ROOT_CONTEXT)
}

/** Runs `work` in a context, exactly once, whatever the context manager does before or after it. */
export function runIn<T>(within: Context, work: () => T): T {
  let outcome: { value: T } | { error: unknown } | undefined
  const once = () => {
    try {
      outcome = { value: work() }
    } catch (error) {
      outcome = { error }
    }
  }
  guarded('entering a context', () => context.with(within, once), undefined)
  if (!outcome) once()
  const settled = outcome as unknown as { value: T } | { error: unknown }
  if ('error' in settled) throw settled.error
  return settled.value
}

/** For timers and background work: what is started inside a span would keep that span as its parent long after it ended. */
export const runInRoot = <T>(work: () => T): T => runIn(ROOT_CONTEXT, work)

/**
 * Where a span for shared work belongs: under the asker's span while that lives and waits for the work, else at the
 * root of a trace of its own with a link to the asker. A sampled local span that no longer records has ended.
 */
export function placement(awaited: boolean): { parent: Context; links: Link[] } {
  const within = activeContext()
  const asker = guarded('reading the context', () => trace.getSpan(within), undefined)
  if (!asker) return { parent: awaited ? within : ROOT_CONTEXT, links: [] }
  const spanContext = guarded('reading a span', () => asker.spanContext(), INVALID_SPAN_CONTEXT)
  const sampled = (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0
  const ended =
    sampled && !spanContext.isRemote && !guarded('reading a span', () => asker.isRecording(), false)
  if (awaited && !ended) return { parent: within, links: [] }
  return { parent: ROOT_CONTEXT, links: [{ context: spanContext }] }
}
