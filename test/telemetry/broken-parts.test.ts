import { logs, metrics, trace } from '@opentelemetry/api'
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import { type IdGenerator, type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { clientProgram, type Outcome } from './support/client-program.ts'

let without: Outcome[]
beforeAll(async () => {
  without = await clientProgram()
})
afterEach(() => {
  for (const api of [trace, metrics, logs]) api.disable()
})

const boom = () => {
  throw new Error('a part of the SDK is broken')
}
const never = () => new Promise<never>(() => undefined)
const quiet = { onStart: () => undefined, onEnd: () => undefined, forceFlush: never, shutdown: never }

const traced = (
  settings: { sampler?: Sampler; idGenerator?: IdGenerator },
  processor: SpanProcessor = quiet,
) => trace.setGlobalTracerProvider(new TracerProvider({ ...settings, spanProcessors: [processor] }))
const sampler = (shouldSample: unknown) => ({ shouldSample, toString: () => 'broken' }) as Sampler

const logged = (processor: LogRecordProcessor) =>
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [processor] }))

const exporter = (broken: Partial<PushMetricExporter>): PushMetricExporter => ({
  export: never,
  forceFlush: never,
  shutdown: never,
  ...broken,
})
const measured = (broken: Partial<PushMetricExporter>) =>
  metrics.setGlobalMeterProvider(
    new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: exporter(broken) })] }),
  )

/** What users plug into OpenTelemetry's own SDK. */
const parts: Record<string, () => unknown> = {
  'a span processor that throws at the start': () => traced({}, { ...quiet, onStart: boom }),
  'a span processor that throws at the end': () => traced({}, { ...quiet, onEnd: boom }),
  'a span processor that never flushes': () => traced({}),
  'a sampler that throws': () => traced({ sampler: sampler(boom) }),
  'a sampler that decides nothing': () => traced({ sampler: sampler(() => undefined) }),
  'a generator of ids that throws': () =>
    traced({ idGenerator: { generateTraceId: boom, generateSpanId: boom } }),
  'a generator of ids that makes none': () =>
    traced({ idGenerator: { generateTraceId: () => '', generateSpanId: () => undefined as never } }),
  'a log record processor that throws': () => logged({ ...quiet, onEmit: boom }),
  'a log record processor that never flushes': () => logged({ ...quiet, onEmit: () => undefined }),
  'a metric exporter that throws': () => measured({ export: boom }),
  'a metric exporter that never answers': () => measured({}),
  'a metric exporter that has no idea of its temporality': () =>
    measured({ selectAggregationTemporality: boom }),
}

test.each(Object.entries(parts))('%s changes nothing', async (_, register) => {
  register()
  expect(await clientProgram()).toEqual(without)
})
