import { type HrTime, SpanKind } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'

/** What the demo shows of a span. */
export interface SeenSpan {
  readonly name: string
  readonly kind: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly startMs: number
  readonly durationMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** The spans that it links to. */
  readonly links: readonly { readonly name: string | undefined; readonly traceId: string }[]
}

/** A whole trace, in the order its spans began. */
export interface SeenTrace {
  readonly traceId: string
  readonly spans: readonly SeenSpan[]
}

/** Hands over every trace when the last of its spans has ended. */
export class TraceCollector implements SpanProcessor {
  readonly #onTrace: (trace: SeenTrace) => void
  readonly #traces = new Map<string, { open: number; ended: ReadableSpan[] }>()
  /** Span id → name, in the order in which they began. */
  readonly #began = new Map<string, string>()

  constructor(onTrace: (trace: SeenTrace) => void) {
    this.#onTrace = onTrace
  }

  onStart(span: { readonly name: string; spanContext(): { traceId: string; spanId: string } }): void {
    const { traceId, spanId } = span.spanContext()
    this.#began.set(spanId, span.name)
    const trace = this.#traces.get(traceId) ?? { open: 0, ended: [] }
    trace.open += 1
    this.#traces.set(traceId, trace)
  }

  onEnd(span: ReadableSpan): void {
    const { traceId } = span.spanContext()
    const trace = this.#traces.get(traceId)
    if (!trace) return
    trace.ended.push(span)
    trace.open -= 1
    if (trace.open > 0) return
    this.#traces.delete(traceId)
    const order = [...this.#began.keys()]
    const spans = trace.ended.map((ended) => this.#seen(ended))
    spans.sort((a, b) => order.indexOf(a.spanId) - order.indexOf(b.spanId))
    this.#onTrace({ traceId, spans })
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}

  #seen(span: ReadableSpan): SeenSpan {
    const ms = (time: HrTime) => hrTimeToMilliseconds(time)
    return {
      name: span.name,
      kind: SpanKind[span.kind],
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      startMs: ms(span.startTime),
      durationMs: ms(span.duration),
      attributes: span.attributes,
      links: span.links.map(({ context }) => ({
        name: this.#began.get(context.spanId),
        traceId: context.traceId,
      })),
    }
  }
}
