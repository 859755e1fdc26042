import { context, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

/** What the real SDK collected, in memory. */
export interface Telemetry {
  spans(name?: string): ReadableSpan[]
  /** The data points of a metric whose attributes include those given. */
  points(metric: string, attributes?: Record<string, unknown>): Promise<DataPoint<unknown>[]>
  /** The value of the one data point that matches. */
  value(metric: string, attributes?: Record<string, unknown>): Promise<unknown>
  metricNames(): Promise<string[]>
  logs(): ReturnType<InMemoryLogRecordExporter['getFinishedLogRecords']>
  /** Everything exported so far, as a reader of the raw export would see it. */
  dump(): Promise<string>
  /** Forgets spans and logs. */
  clear(): void
  stop(): Promise<void>
}

/** Starts the real SDK with exporters in memory, as the process's global one. */
export function startTelemetry(): Telemetry {
  const spanExporter = new InMemorySpanExporter()
  const logExporter = new InMemoryLogRecordExporter()
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  })
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })],
  })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const loggerProvider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: logExporter })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(tracerProvider)
  metrics.setGlobalMeterProvider(meterProvider)
  logs.setGlobalLoggerProvider(loggerProvider)

  const collect = async () => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  }
  const points: Telemetry['points'] = async (metric, attributes = {}) => {
    const found = (await collect()).filter(({ descriptor }) => descriptor.name === metric)
    return found
      .flatMap(({ dataPoints }) => dataPoints as DataPoint<unknown>[])
      .filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
  }

  return {
    spans: (name) =>
      spanExporter.getFinishedSpans().filter((span) => name === undefined || span.name === name),
    points,
    async value(metric, attributes) {
      const found = await points(metric, attributes)
      if (found.length !== 1)
        throw new Error(`${metric} ${JSON.stringify(attributes)}: ${found.length} data points`)
      return found[0]?.value
    },
    metricNames: async () => (await collect()).map(({ descriptor }) => descriptor.name).sort(),
    logs: () => logExporter.getFinishedLogRecords(),
    async dump() {
      const spans = spanExporter
        .getFinishedSpans()
        .map(({ name, attributes, status, events, links }) => ({ name, attributes, status, events, links }))
      const records = logExporter
        .getFinishedLogRecords()
        .map(({ body, attributes, eventName }) => ({ body, attributes, eventName }))
      return JSON.stringify({ spans, records, metrics: await collect() })
    },
    clear() {
      spanExporter.reset()
      logExporter.reset()
    },
    async stop() {
      await Promise.allSettled([
        tracerProvider.shutdown(),
        meterProvider.shutdown(),
        loggerProvider.shutdown(),
      ])
      for (const api of [context, propagation, trace, metrics, logs]) api.disable()
    },
  }
}
