import { createRequire } from 'node:module'
import { logs, metrics, trace } from '@opentelemetry/api'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test } from 'vitest'
import { createMskIamSasl, instrumentConsumer, instrumentProducer } from '../../src/index.ts'
import { fakeConsumer } from '../instrument/support/fake-consumer.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

const SCHEMA = 'https://opentelemetry.io/schemas/1.45.0'

let telemetry: Telemetry | undefined
afterEach(async () => {
  await telemetry?.stop()
  for (const api of [trace, metrics, logs]) api.disable()
})

const producer = () =>
  instrumentProducer({ connect: async () => undefined, send: async (_: object) => [] as object[] })
const tea = { topic: 'orders', messages: [{ value: 'tea' }] }

const provider = (name: string) =>
  createMskIamSasl({
    region: 'eu-west-1',
    name,
    signer: { generateAuthToken: async () => ({ token: 'token', expiryTime: Date.now() + 900_000 }) },
  })

describe('an SDK that starts after the client', () => {
  const calls: Record<string, () => Promise<unknown>> = {
    'a send': () => producer().send(tea),
    'a connect': () => producer().connect(),
    'a request of a consumer, such as its heartbeat': async () => heartbeat(),
  }
  const { consumer, emit } = fakeConsumer()
  instrumentConsumer(consumer)
  const heartbeat = () => emit('REQUEST', { clientId: 'orders', apiName: 'Heartbeat' })

  test.each(Object.entries(calls))('has the metrics of tokens after %s', async (what, call) => {
    using sasl = Object.assign(provider(what), { [Symbol.dispose]: () => sasl.close() })
    await sasl.oauthBearerProvider()
    await sasl.oauthBearerProvider()
    telemetry = startTelemetry()
    await call()
    const attributes = { 'msk_iam.provider.name': what }
    expect(await telemetry.value('msk_iam.providers', attributes)).toBe(1)
    expect(
      await telemetry.value('msk_iam.token.requests', { ...attributes, 'msk_iam.token.result': 'hit' }),
    ).toBe(1)
    expect(await telemetry.points('msk_iam.token.remaining_lifetime', attributes)).toHaveLength(1)
  })
})

/** A tracer provider, and the names of the spans that have ended. */
function tracing() {
  const exporter = new InMemorySpanExporter()
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  return { tracers, names: () => exporter.getFinishedSpans().map(({ name }) => name) }
}

test('an SDK that starts after the client is found where it has a copy of the API of its own', async () => {
  // As every CommonJS package has: Node loads the API once for `import` and once for `require`.
  const copy: typeof import('@opentelemetry/api') = createRequire(import.meta.url)('@opentelemetry/api')
  expect(copy.trace).not.toBe(trace)
  const sending = producer()
  await sending.send(tea)
  const { tracers, names } = tracing()
  copy.trace.setGlobalTracerProvider(tracers)
  try {
    await sending.send(tea)
    expect(names()).toEqual(['send orders'])
  } finally {
    copy.trace.disable()
  }
})

describe('an SDK that is exchanged', () => {
  test('gets the spans from then on, and the one before none', async () => {
    const [first, second] = [tracing(), tracing()]
    const sending = producer()
    trace.setGlobalTracerProvider(first.tracers)
    await sending.send(tea)
    trace.disable()
    await sending.send(tea)
    trace.setGlobalTracerProvider(second.tracers)
    await sending.send(tea)
    expect([first.names(), second.names()]).toEqual([['send orders'], ['send orders']])
  })

  test('gets them too where it takes the place of the other behind the proxy of the API', async () => {
    const [first, second] = [tracing(), tracing()]
    const sending = producer()
    trace.setGlobalTracerProvider(first.tracers)
    await sending.send(tea)
    // dd-trace registers itself like this where another SDK was first.
    Object(trace.getTracerProvider()).setDelegate(second.tracers)
    await sending.send(tea)
    expect([first.names(), second.names()]).toEqual([['send orders'], ['send orders']])
  })

  test('gets the measurements', async () => {
    const sending = producer()
    telemetry = startTelemetry()
    await sending.send(tea)
    await telemetry.stop()
    telemetry = startTelemetry()
    await sending.send(tea)
    expect(await telemetry.value('messaging.client.sent.messages')).toBe(1)
  })
})

test('spans, metrics and log records say which version of the conventions they follow', async () => {
  const spans = new InMemorySpanExporter()
  const records = new InMemoryLogRecordExporter()
  class Reader extends MetricReader {
    protected override async onForceFlush() {}
    protected override async onShutdown() {}
  }
  const reader = new Reader()
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
  )
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }),
  )
  const broken = createMskIamSasl({
    region: 'eu-west-1',
    name: 'broken',
    signer: { generateAuthToken: () => Promise.reject(new Error('no key')) },
  })
  await expect(broken.oauthBearerProvider()).rejects.toThrow()
  broken.close()
  const { resourceMetrics } = await reader.collect()
  const scopes = [
    ...spans.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope),
    ...resourceMetrics.scopeMetrics.map(({ scope }) => scope),
    ...records.getFinishedLogRecords().map(({ instrumentationScope }) => instrumentationScope),
  ]
  expect(new Set(scopes.map(({ name, schemaUrl }) => `${name} ${schemaUrl}`))).toEqual(
    new Set([`kafka-iam-otel ${SCHEMA}`]),
  )
  expect(scopes.length).toBeGreaterThan(2)
})
