import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { type ExportResult, ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  MeterProvider,
  type MetricData,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { withoutSecrets } from '../../base/foreign-text.ts'
import { type SeenTrace, TraceCollector } from './trace.ts'

export interface DemoTelemetry {
  /** Every metric as it stands. */
  metrics(): Promise<MetricData[]>
  /** Sends what is left to the endpoint, and tells why something could not be sent. */
  stop(): Promise<string | undefined>
}

const EXPORT_MS = 2_000
const STOP_MS = 4_000

export const SERVICE_NAME = 'kafka-iam-otel-demo'

/** OpenTelemetry's own SDK, as a service sets it up. */
export function startTelemetry(onTrace: (trace: SeenTrace) => void, exporting: boolean): DemoTelemetry {
  const resource = resourceFromAttributes({
    'service.name': SERVICE_NAME,
    'service.instance.id': `${hostname()}-${process.pid}`,
  })
  const reader = new OnDemandReader()
  const refused: string[] = []
  const hear = (result: ExportResult) => {
    if (result.code === ExportResultCode.FAILED) refused.push(result.error?.message ?? 'no reason given')
  }
  const { spanProcessors, readers } = exporting ? otlpExport(hear) : NO_EXPORT
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [new TraceCollector(onTrace), ...spanProcessors],
  })
  const meterProvider = new MeterProvider({ resource, readers: [reader, ...readers] })
  setGlobals(tracerProvider, meterProvider)
  return {
    async metrics() {
      const { resourceMetrics } = await reader.collect()
      return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    },
    async stop() {
      const stopping = [tracerProvider, meterProvider].map((provider) =>
        provider.shutdown().catch((error: Error) => refused.push(error.message)),
      )
      const late = sleep(STOP_MS, `no answer within ${STOP_MS / 1000} s`, { ref: false })
      const tooLate = await Promise.race([Promise.all(stopping).then(() => undefined), late])
      return refused[0] === undefined ? tooLate : withoutSecrets(refused[0], 300)
    },
  }
}

interface Export {
  readonly spanProcessors: readonly SpanProcessor[]
  readonly readers: readonly MetricReader[]
}

const NO_EXPORT: Export = { spanProcessors: [], readers: [] }

/** To the endpoint that the environment names; `hear` gets what became of each request. */
function otlpExport(hear: (result: ExportResult) => void): Export {
  const traces = heard(new OTLPTraceExporter({ timeoutMillis: EXPORT_MS }), hear)
  const metrics = heard(new OTLPMetricExporter({ timeoutMillis: EXPORT_MS }), hear)
  return {
    spanProcessors: [new BatchSpanProcessor({ exporter: traces })],
    readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 5_000 })],
  }
}

/** An SDK that was loaded before, by NODE_OPTIONS for example, would get everything in place of this one. */
function setGlobals(tracerProvider: TracerProvider, meterProvider: MeterProvider): void {
  for (const api of [context, propagation, trace, metrics]) api.disable()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(tracerProvider)
  metrics.setGlobalMeterProvider(meterProvider)
}

/** The SDK tells only its diagnostic log when an export fails. */
function heard<T, E extends { export(items: T, done: (result: ExportResult) => void): void }>(
  exporter: E & { export(items: T, done: (result: ExportResult) => void): void },
  hear: (result: ExportResult) => void,
): E {
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) =>
    send(items, (result) => {
      hear(result)
      done(result)
    })
  return exporter
}

class OnDemandReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}
