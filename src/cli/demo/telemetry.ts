import { connect } from 'node:net'
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
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { withoutSecrets } from '../../base/redact.ts'
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
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [
      new TraceCollector(onTrace),
      ...(exporting
        ? [
            new BatchSpanProcessor({
              exporter: heard(new OTLPTraceExporter({ timeoutMillis: EXPORT_MS }), hear),
            }),
          ]
        : []),
    ],
  })
  const meterProvider = new MeterProvider({
    resource,
    readers: [
      reader,
      ...(exporting
        ? [
            new PeriodicExportingMetricReader({
              exporter: heard(new OTLPMetricExporter({ timeoutMillis: EXPORT_MS }), hear),
              exportIntervalMillis: 5_000,
            }),
          ]
        : []),
    ],
  })
  // An SDK that was loaded before, by NODE_OPTIONS for example, would get everything in place of this one.
  for (const api of [context, propagation, trace, metrics]) api.disable()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(tracerProvider)
  metrics.setGlobalMeterProvider(meterProvider)
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

/** Where traces and metrics are sent. */
export interface Target {
  readonly url: string
  /** The user asked for it; else it was found. */
  readonly asked: boolean
}

/** What the environment says, or a collector on this machine's OTLP port, or nowhere. */
export async function exportTarget(env: NodeJS.ProcessEnv = process.env): Promise<Target | undefined> {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return undefined
  const asked = ['TRACES_', 'METRICS_', '']
    .map((signal) => env[`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`])
    .find(Boolean)
  if (asked) return { url: withoutCredentials(asked), asked: true }
  return (await listens(4318)) ? { url: 'http://localhost:4318', asked: false } : undefined
}

function withoutCredentials(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (!url?.username && !url?.password) return endpoint
  url.username = ''
  url.password = ''
  return url.href
}

/** Jaeger on this machine, if it is there and the traces stayed on it. */
export async function jaegerUrl({ url }: Target): Promise<string | undefined> {
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(URL.parse(url)?.hostname ?? '')
  return here && (await listens(16686)) ? 'http://localhost:16686' : undefined
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost', timeout: 500 })
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
  })
}
