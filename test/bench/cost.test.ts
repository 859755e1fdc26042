import { readFileSync } from 'node:fs'
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  AggregationType,
  createDenyListAttributesProcessor,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { differences } from '../../bench/cost/compare.ts'
import { authenticationsPerHour, refreshesPerHour } from '../../bench/cost/fleet.ts'
import { histogramSeries } from '../../bench/cost/otlp.ts'
import { measurements, PAGE, withTables } from '../../bench/cost/page.ts'
import { instrumentProducer, type ProducerOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { fakeRuntime } from '../support/fake-runtime.ts'

const page = readFileSync(PAGE, 'utf8')
const all = (series: Record<string, number>) => Object.values(series).reduce((sum, one) => sum + one, 0)

const nameOfProvider = () => expect.getState().currentTestName ?? ''

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  metrics.disable()
})

/** The SDK's metrics, in memory. */
function startMetrics(views: ViewOptions[] = []) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader], views })
  metrics.setGlobalMeterProvider(provider)
  stop = () => provider.shutdown()
  const points = async (): Promise<[metric: string, point: DataPoint<unknown>][]> => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.flatMap(({ descriptor, dataPoints }) =>
        (dataPoints as DataPoint<unknown>[]).map((point): [string, DataPoint<unknown>] => [
          descriptor.name,
          point,
        ]),
      ),
    )
  }
  /** By metric, as Prometheus has them. */
  const series = async () => {
    const counted: Record<string, number> = {}
    for (const [metric, { value, attributes }] of await points()) {
      // Providers of other tests are closed, and go on being told of.
      if ((attributes['msk_iam.provider.name'] ?? nameOfProvider()) !== nameOfProvider()) continue
      const { buckets } = value as Partial<Histogram>
      counted[metric] = (counted[metric] ?? 0) + (buckets ? histogramSeries(buckets.boundaries.length) : 1)
    }
    return counted
  }
  return { points, series }
}

type Points = ReturnType<typeof startMetrics>['points']

const producer = (options: ProducerOptions = {}) =>
  instrumentProducer(
    { connect: async () => undefined, send: async (_record: object): Promise<unknown[]> => [] },
    options,
  )

/** A producer whose token was renewed by the timer: from then on nothing is added unless something fails. */
async function healthyProducer(points: Points): Promise<() => void> {
  const expiration = new Date(Date.now() + 3_600_000)
  const keys = { accessKeyId: 'AKIACOST000000000001', secretAccessKey: 'not-a-real-secret', expiration }
  const runtime = fakeRuntime(Date.now())
  // Of a name of its own: counters of a name live as long as the process.
  const options = checkedSaslOptions({
    region: 'eu-west-1',
    name: nameOfProvider(),
    credentials: async () => keys,
  })
  const sasl = buildMskIamSasl(options, runtime)
  const exchange = {
    host: 'localhost',
    port: 9098,
    logger: { error: () => undefined },
    saslAuthenticate: async () => undefined,
  }
  await sasl.authenticationProvider(exchange).authenticate()
  await producer().send({ topic: 'orders', messages: [{ value: 'tea' }] })
  await runtime.advance(600_000)
  await vi.waitFor(async () => {
    const triggers = (await points()).map(([, { attributes }]) => attributes['msk_iam.refresh.trigger'])
    expect(triggers).toContain('timer')
  })
  return () => sasl.close()
}

describe('docs/cost.md', () => {
  test('has the tables that bench/cost/measured.json makes: run node bench/telemetry-cost.ts --tables', () => {
    expect(withTables(page, measurements())).toBe(page)
    expect(page.match(/<!-- cost: /g)).toHaveLength(6)
  })

  test('counts the series of a healthy producer as the SDK has them', async () => {
    const { points, series } = startMetrics()
    const close = await healthyProducer(points)
    const { series: measured } = measurements().profiles['producer-1']
    expect(await series()).toEqual(measured)
    expect(page).toContain(`**${all(measured)} series**`)
    close()
  })

  test('says what fewer buckets save', async () => {
    const boundaries = [0.1, 1, 10]
    const aggregation = { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries } } as const
    const attributesProcessors = [createDenyListAttributesProcessor(['messaging.destination.name'])]
    const { points, series } = startMetrics([
      { instrumentName: 'msk_iam.*.duration', aggregation },
      { instrumentName: 'messaging.*.duration', aggregation, attributesProcessors },
    ])
    const close = await healthyProducer(points)
    expect(page).toContain(
      `${all(await series())} series instead of ${all(measurements().profiles['producer-1'].series)}`,
    )
    close()
  })

  describe('says when the SDK stops telling topics apart:', () => {
    const topicsOf = async (points: Points) =>
      (await points()).filter(([metric]) => metric === 'messaging.client.sent.messages')
    const overflown = (points: Awaited<ReturnType<typeof topicsOf>>) =>
      points.filter(([, { attributes }]) => attributes['otel.metric.overflow'] === true).length
    const sendTo = async (from: number, to: number) => {
      const sender = producer()
      for (let topic = from; topic <= to; topic += 1)
        await sender.send({ topic: `topic-${topic}`, messages: [{ value: 'tea' }] })
    }

    test.each([
      [1999, 0],
      [2000, 1],
    ])('of %i in one interval, %i goes where all others go', async (topics, expected) => {
      const { points } = startMetrics()
      await sendTo(1, topics)
      expect(overflown(await topicsOf(points))).toBe(expected)
    })

    test('of the same number in each of two intervals, none: the process has no limit', async () => {
      const { points } = startMetrics()
      await sendTo(1, 1500)
      await points()
      await sendTo(1501, 3000)
      const after = await topicsOf(points)
      expect([after.length, overflown(after)]).toEqual([3000, 0])
    })
  })

  test('says which batch loses its spans', async () => {
    const exporter = new InMemorySpanExporter()
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
    trace.setGlobalTracerProvider(provider)
    stop = async () => {
      trace.disable()
      await provider.shutdown()
    }
    const messages = Array.from({ length: 3000 }, () => ({ value: 'tea' }))
    await producer({ perMessageSpans: true }).send({ topic: 'orders', messages })
    await provider.forceFlush()
    const names = exporter.getFinishedSpans().map(({ name }) => name)
    expect([names.length, names.includes('send orders')]).toEqual([2560, false])
  })

  test('reckons with 7 refreshes an hour, and 7 authentications of a connection', () => {
    expect(refreshesPerHour).toBeCloseTo(7.14, 2)
    expect(authenticationsPerHour).toBeCloseTo(6.9, 1)
  })
})

describe('a check', () => {
  const known = measurements()
  const withProducer = (changed: object) => ({
    profiles: { ...known.profiles, 'producer-1': { ...known.profiles['producer-1'], ...changed } },
  })

  test('finds nothing in the same measurement', () => {
    expect(differences(known, known)).toEqual([])
  })

  test('finds one series too many, and a span that has grown by a fifth', () => {
    const { series, traces } = known.profiles['producer-1']
    const more = withProducer({
      series: { ...series, 'msk_iam.token.age': 2 },
      traces: { ...traces, plain: 1.2 * traces.plain },
    })
    expect(differences(known, more)).toEqual([
      'producer-1: msk_iam.token.age has 2 series, had 1',
      expect.stringMatching(/^producer-1: bytes of a span is /),
    ])
  })
})
