/** The collector's configuration, with a second collector that keeps no healthy trace, and on the stack's own. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { newSpanId, otlpSender, type SpanToSend, span } from './support/otlp.ts'
import { jaegerUrl, otlpUrl, prometheusUrl, root } from './support/places.ts'
import { prometheus } from './support/prometheus.ts'
import { promtoolCheck, type SecondCollector, startCollector, validate } from './support/second-collector.ts'
import { until } from './support/until.ts'

const service = `stack-collector-${newSpanId()}`
const topic = 'orders'
const sendAttributes = { 'messaging.operation.type': 'send', 'messaging.destination.name': topic }
const send = (more: Parameters<typeof span>[1] = {}) =>
  span(`send ${topic}`, { attributes: sendAttributes, ...more })

let second: SecondCollector
let toSecond: ReturnType<typeof otlpSender>
let sentSpans = 0

/** As the SDK sends them: each batch is a request of its own. */
async function sendBatches(...batches: SpanToSend[][]): Promise<void> {
  for (const batch of batches) {
    await toSecond.spans(...batch)
    sentSpans += batch.length
  }
}

/** What has come out when all that was sent before has been decided on. */
async function keptIds(): Promise<string[]> {
  const last = span('last', { failed: 'the last one' })
  await sendBatches([last])
  return until(
    'the last span',
    () => {
      const ids = second.spans().map(({ spanId }) => spanId)
      return ids.includes(last.spanId) && ids
    },
    { everyMs: 50 },
  )
}

const idsOf = (batches: SpanToSend[][]) => batches.flat().map(({ spanId }) => spanId)

beforeAll(async () => {
  second = await startCollector({ KEEP_HEALTHY_PERCENT: '0', HOLD_TRACES: '1s' })
  toSecond = otlpSender(second.url, service)
})
afterAll(() => second?.stop())

describe('of the traces, with a share of 0 % of the healthy ones', () => {
  const connect = span('msk_iam.connect', { failed: 'no', attributes: { 'error.type': 'access_denied' } })
  const request = span('POST /orders', { seconds: 30 })
  const transaction = span('msk_iam.transaction', { failed: 'no' })
  const sentWell = send()
  const token = (attributes: Record<string, string | number>) => [
    [span('msk_iam.token.refresh', { attributes })],
  ]

  const kept: Record<string, SpanToSend[][]> = {
    'a failed authentication, with what is healthy in it and was sent before': [
      [span('msk_iam.token.refresh', { parent: connect })],
      [span('msk_iam.authenticate', { parent: connect, failed: 'Access denied' })],
      [connect],
    ],
    'a failed refresh in the background': [[span('msk_iam.token.refresh', { failed: 'STS did not answer' })]],
    'a failed send': [[send({ failed: 'no' })]],
    'an error.type without a status': [[send({ attributes: { 'error.type': 'delivery_timeout' } })]],
    'a failed transaction': [[send({ parent: transaction })], [transaction]],
    'a handler that fails after its send was told': [
      [sentWell],
      [span(`process ${topic}`, { parent: sentWell, failed: 'no' })],
    ],
    'a slow send that is a child': [[send({ parent: request, seconds: 1.2 })], [request]],
    'a token that somebody waited for': token({ 'msk_iam.refresh.trigger': 'expired' }),
    'a token of the second attempt': token({
      'msk_iam.refresh.trigger': 'timer',
      'msk_iam.signer.attempts': 2,
    }),
    'an old token, since renewing fails': [
      [span('msk_iam.authenticate', { attributes: { 'msk_iam.token.result': 'stale' } })],
    ],
  }

  const long = span('POST /orders', { seconds: 30 })
  const sentBeforeFailing = send()
  const left: Record<string, SpanToSend[][]> = {
    'a healthy send': [[send()]],
    'a fast send in a long request': [[send({ parent: long, seconds: 0.9 })], [long]],
    'a long handler': [[span(`process ${topic}`, { seconds: 30 })]],
    'a token that the timer has renewed': token({
      'msk_iam.refresh.trigger': 'timer',
      'msk_iam.signer.attempts': 1,
    }),
    'a send whose handler will fail when it is forgotten': [[sentBeforeFailing]],
  }
  const failedLate = span(`process ${topic}`, { parent: sentBeforeFailing, failed: 'no' })
  const alsoLate = span(`process ${topic}`, { parent: send() })
  const lateInKept = span(`process ${topic}`, { parent: connect })

  let ids: string[]
  beforeAll(async () => {
    await Promise.all(
      [...Object.values(kept), ...Object.values(left)].map((batches) => sendBatches(...batches)),
    )
    await until('the healthy traces to be forgotten', async () =>
      /^otelcol_processor_tail_sampling_sampling_traces_on_memory 0$/m.test(await second.ownMetrics()),
    )
    await sendBatches([failedLate], [alsoLate], [lateInKept])
    ids = await keptIds()
  })

  test.each(Object.entries(kept))('kept whole: %s', (_, batches) => {
    expect(ids).toEqual(expect.arrayContaining(idsOf(batches)))
  })

  test.each(Object.entries(left))('left out: %s', (_, batches) => {
    expect(idsOf(batches).filter((spanId) => ids.includes(spanId))).toEqual([])
  })

  test('of what comes late: a failure, and what belongs to a kept trace', () => {
    const late = [failedLate, alsoLate, lateInKept].map(({ spanId }) => spanId)
    expect(late.filter((spanId) => ids.includes(spanId))).toEqual([failedLate.spanId, lateInKept.spanId])
  })

  test('nothing comes out twice', () => {
    expect(ids).toHaveLength(new Set(ids).size)
  })

  test('the span metrics count all of them', async () => {
    const counted = await until('the span metrics to be flushed', async () => {
      const calls = await second.series('traces_span_metrics_calls_total', service)
      return calls.reduce((sum, { value }) => sum + value, 0) >= sentSpans && calls
    })
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(sentSpans)
    const failures = counted.filter(({ labels }) => labels.includes('error_type="access_denied"'))
    expect(failures).toHaveLength(1)
    expect(failures[0]?.labels).toContain('span_name="msk_iam.connect"')
    expect(failures[0]?.labels).not.toContain('service_instance_id')
  })
})

describe('on the stack', () => {
  test('a series of span metrics leads to a trace that Jaeger has', async () => {
    const one = send({ seconds: 0.2 })
    await otlpSender(otlpUrl, service).spans(one)
    const start = Date.now() / 1000 - 60
    const exemplar = await until('an exemplar', async () => {
      const query = `traces_span_metrics_duration_seconds_bucket{service_name="${service}"}`
      const parameters = new URLSearchParams({ query, start: `${start}`, end: `${start + 120}` })
      const response = await fetch(`${prometheusUrl}/api/v1/query_exemplars?${parameters}`)
      const { data } = (await response.json()) as {
        data: { exemplars: { labels: { trace_id: string } }[] }[]
      }
      return data[0]?.exemplars[0]?.labels
    })
    expect(exemplar.trace_id).toBe(one.traceId)
    const trace = await fetch(`${jaegerUrl}/api/traces/${exemplar.trace_id}`)
    expect(trace.status).toBe(200)
  })

  test("Prometheus has the collector's own metrics, those that the alerts read among them", async () => {
    const names = async () =>
      (await prometheus('{__name__=~"up|otelcol_.*", job="otelcol"}')).map(({ labels }) => labels['__name__'])
    await until('accepted spans', async () => (await names()).includes('otelcol_receiver_accepted_spans'))
    expect(await names()).toEqual(
      expect.arrayContaining([
        'up',
        'otelcol_receiver_accepted_spans',
        'otelcol_exporter_sent_spans',
        'otelcol_exporter_queue_size',
        'otelcol_exporter_queue_capacity',
      ]),
    )
  })
})

describe('is valid', () => {
  const vendor = { VENDOR_ENDPOINT: 'https://otlp.example.com', VENDOR_API_KEY: 'key' }
  test.each([
    { files: ['/config/config.yaml'], environment: {} },
    { files: ['/config/config.yaml', '/config/as-received.yaml'], environment: {} },
    { files: ['/config/config.yaml', '/config/otlp-vendor.yaml'], environment: vendor },
  ])('$files', async ({ files, environment }) => {
    expect(await validate(environment, ...files)).toBe('')
  })

  test('cloudwatch.yaml, or the image has no sigv4auth', async () => {
    const environment = { AWS_REGION: 'eu-west-1', LOG_GROUP: 'services', LOG_STREAM: 'collector' }
    const credentials = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' }
    const complaints = await validate(
      { ...environment, ...credentials },
      '/config/config.yaml',
      '/config/cloudwatch.yaml',
    )
    expect(complaints).toMatch(/^$|unknown type: "sigv4auth"/)
    const { service } = parse(readFileSync(`${root}stack/collector/cloudwatch.yaml`, 'utf8'))
    expect(Object.keys(service.pipelines)).toEqual(['traces', 'metrics', 'metrics/spans', 'logs'])
  })

  test('prometheus.yml', async () => {
    expect(await promtoolCheck()).toBe('')
  })
})
