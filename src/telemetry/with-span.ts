import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api'
import { type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import type { Phase } from '../failures/failure-class.ts'
import { activeContext, runIn, spanContextOf, spanIn, withActiveSpan } from './contexts.ts'
import { guarded, reportOnce, unawaited } from './guard.ts'
import { followMeterProvider } from './instruments.ts'
import { Attribute } from './names.ts'
import { shown, shownAttributes } from './shown.ts'
import { currentTracer } from './tracer.ts'

export interface SpanSettings {
  readonly kind?: SpanKind
  readonly attributes?: Attributes
  readonly links?: readonly Link[] | undefined
  /** Default: the active context. */
  readonly parent?: Context
  /** Epoch ms. Default: now. */
  readonly startTime?: number
  /** How a failure is read. Default `broker`. */
  readonly phase?: Phase
  /** Reads a failure in its own way. Default: `classifyFailure` in that phase. */
  readonly read?: (error: unknown) => ClassifiedFailure
}

/** A span that cannot throw. */
export interface SafeSpan {
  /** undefined where there is no SDK, or one that does not work. */
  readonly spanContext: SpanContext | undefined
  /** The context in which the span is active. */
  readonly context: Context
  /** Whether anything that is set is kept: not without an SDK, nor where it is sampled out. */
  readonly recording: boolean
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

export function openSpan(name: string, settings: SpanSettings): OpenSpan {
  followMeterProvider()
  const within = settings.parent ?? activeContext()
  return new GuardedSpan(startSpan(name, settings, within), within, settings)
}

/** undefined where the SDK starts none. */
function startSpan(name: string, settings: SpanSettings, within: Context): Span | undefined {
  const { kind = SpanKind.INTERNAL, attributes = {}, links, startTime } = settings
  try {
    const options: SpanOptions = { kind, attributes: shownAttributes(attributes) }
    if (links) options.links = [...links]
    if (startTime !== undefined) options.startTime = startTime
    const span = currentTracer().startSpan(shownName(name), options, within)
    if (typeof span?.spanContext === 'function') return span
    unawaited(span)
    reportOnce('Tracer.startSpan', 'it gave something that is no span')
  } catch (problem) {
    reportOnce('Tracer.startSpan', problem)
  }
  return undefined
}

/** `send orders`: a topic is shown as it is on the span's attributes, whatever its letters look like beside a verb. */
function shownName(name: string): string {
  const space = name.indexOf(' ')
  if (space < 0 || name.includes(' ', space + 1)) return shown(name)
  return `${name.slice(0, space)} ${shown(name.slice(space + 1))}`
}

/** Without a span of the SDK it does nothing, and what is active stays active: the trace goes on without it. */
class GuardedSpan implements OpenSpan {
  readonly context: Context
  readonly #span: Span | undefined
  readonly #settings: SpanSettings

  constructor(span: Span | undefined, within: Context, settings: SpanSettings) {
    this.#span = span
    this.#settings = settings
    this.context = span ? withActiveSpan(within, span) : within
  }

  get spanContext(): SpanContext | undefined {
    return this.#span && spanContextOf(this.#span)
  }

  get recording(): boolean {
    return this.#span !== undefined && isRecording(this.#span)
  }

  set(attributes: Attributes): void {
    this.#call('setAttributes', shownAttributes(attributes))
  }

  link(target: SpanContext | undefined): void {
    if (target) this.#call('addLink', { context: target })
  }

  fail(error: unknown): void {
    const { phase = 'broker', read = (failed: unknown) => classifyFailure(failed, phase) } = this.#settings
    const failure = guarded('reading a failure', () => read(error), undefined)
    if (!failure) return
    const { code, hint, requestId, title } = failure
    this.set({
      [Attribute.ErrorType]: code,
      [Attribute.FailureHint]: hint,
      ...(requestId ? { [Attribute.BrokerRequestId]: requestId } : {}),
    })
    this.#call('setStatus', { code: SpanStatusCode.ERROR, message: shown(title) })
  }

  run<T>(work: () => T): T {
    const active = activeContext()
    return runIn(this.#span ? withActiveSpan(active, this.#span) : active, work)
  }

  end(): void {
    this.#call('end', undefined)
  }

  #call<M extends 'setAttributes' | 'addLink' | 'setStatus' | 'end'>(
    method: M,
    argument: Parameters<Span[M]>[0],
  ): void {
    const span = this.#span
    if (!span) return
    try {
      const answer: unknown = span[method](argument as never)
      if (answer !== span) unawaited(answer)
    } catch (problem) {
      reportOnce(`Span.${method}`, problem)
    }
  }
}

/**
 * Where a span for shared work belongs: under the asker's span while that lives and waits for the work, else at the
 * root of a trace of its own with a link to the asker. A sampled local span that no longer records has ended.
 */
export function placement(awaited: boolean): { parent: Context; links: Link[] } {
  const within = activeContext()
  const asker = spanIn(within)
  const spanContext = asker && spanContextOf(asker)
  if (!spanContext) return { parent: awaited ? within : ROOT_CONTEXT, links: [] }
  const sampled = (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0
  const ended = sampled && !spanContext.isRemote && !isRecording(asker)
  if (awaited && !ended) return { parent: within, links: [] }
  return { parent: ROOT_CONTEXT, links: [{ context: spanContext }] }
}

function isRecording(span: Span): boolean {
  try {
    const recording: unknown = span.isRecording()
    unawaited(recording)
    return recording === true
  } catch (problem) {
    reportOnce('Span.isRecording', problem)
    return false
  }
}
