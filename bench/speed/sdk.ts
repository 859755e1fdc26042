/** OpenTelemetry's SDK as a service has it, but for exporters, which take everything at once. */
import type { Instrumentation } from '@opentelemetry/instrumentation'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { ofPeers } from './places.ts'

const SUCCESS = { code: 0 }

/** How many spans were exported so far; those that have ended are exported first. */
export type Spans = () => Promise<number>

export function startSdk(instrumentations: Instrumentation[]): Spans {
  const { NodeSDK }: typeof import('@opentelemetry/sdk-node') = ofPeers('@opentelemetry/sdk-node')
  const {
    PeriodicExportingMetricReader,
    AggregationTemporality,
  }: typeof import('@opentelemetry/sdk-metrics') = ofPeers('@opentelemetry/sdk-metrics')
  const { BatchSpanProcessor }: typeof import('@opentelemetry/sdk-trace') =
    ofPeers('@opentelemetry/sdk-trace')
  let spans = 0
  const traces: SpanExporter = {
    export(finished, done) {
      spans += finished.length
      done(SUCCESS)
    },
    shutdown: async () => undefined,
  }
  const spanProcessor = new BatchSpanProcessor({ exporter: traces })
  const exporter: PushMetricExporter = {
    export: (_, done) => done(SUCCESS),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  }
  new NodeSDK({
    autoDetectResources: false,
    spanProcessors: [spanProcessor],
    metricReaders: [new PeriodicExportingMetricReader({ exporter })],
    // Else it exports logs.
    logRecordProcessors: [],
    instrumentations,
  }).start()
  return async () => {
    await spanProcessor.forceFlush()
    return spans
  }
}
