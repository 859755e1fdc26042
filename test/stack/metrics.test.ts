import { type Consumer, Kafka, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import {
  createMskIamConnection,
  createMskIamSasl,
  instrumentKafka,
  type MskIamSasl,
} from '../../src/index.ts'
import { Metric } from '../../src/telemetry/names.ts'
import { type LocalSts, startLocalSts } from '../../src/testing/index.ts'
import { TOKEN_RESULTS } from '../../src/token/token-metrics.ts'
import { broker, region, ssl } from './support/places.ts'
import { prometheus, type Sample } from './support/prometheus.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { until } from './support/until.ts'

interface Row {
  metric: string
  /** As Prometheus has it; of a histogram its `_count`. */
  name: string
  /** Without it the metric does not exist. */
  bornBy?: 'STS down' | 'deny' | 'a consumer' | 'a second member' | 'a handler that fails'
  /** The label `error_type` of each of its series. */
  errorTypes?: (string | undefined)[]
  /** How many series one healthy provider has; default 1. */
  series?: number
}

/** Every metric of the design that this version makes. A new one has to come in here. */
const rows: Row[] = [
  { metric: Metric.TokenRequests, name: 'msk_iam_token_requests_total', series: TOKEN_RESULTS.length },
  { metric: Metric.TokenAge, name: 'msk_iam_token_age_seconds' },
  { metric: Metric.TokenRemainingLifetime, name: 'msk_iam_token_remaining_lifetime_seconds' },
  { metric: Metric.CredentialsRemainingLifetime, name: 'msk_iam_credentials_remaining_lifetime_seconds' },
  { metric: Metric.RefreshDuration, name: 'msk_iam_token_refresh_duration_seconds_count' },
  { metric: Metric.ConsecutiveFailures, name: 'msk_iam_token_refresh_consecutive_failures' },
  { metric: Metric.Providers, name: 'msk_iam_providers' },
  { metric: Metric.AuthenticationDuration, name: 'msk_iam_authentication_duration_seconds_count' },
  { metric: Metric.OperationDuration, name: 'messaging_client_operation_duration_seconds_count' },
  { metric: Metric.SentMessages, name: 'messaging_client_sent_messages_total' },
  {
    metric: Metric.RefreshFailures,
    name: 'msk_iam_token_refresh_failures_total',
    bornBy: 'STS down',
    errorTypes: ['sts_unreachable'],
  },
  {
    metric: Metric.SignerRetries,
    name: 'msk_iam_signer_retries_total',
    bornBy: 'STS down',
    errorTypes: ['sts_unreachable'],
  },
  {
    metric: Metric.AuthenticationFailures,
    name: 'msk_iam_authentication_failures_total',
    bornBy: 'deny',
    errorTypes: ['access_denied'],
  },
  {
    metric: Metric.ConsumedMessages,
    name: 'messaging_client_consumed_messages_total',
    bornBy: 'a consumer',
  },
  {
    metric: Metric.ProcessDuration,
    name: 'messaging_process_duration_seconds_count',
    bornBy: 'a consumer',
    errorTypes: [undefined, 'RangeError'],
  },
  { metric: Metric.MessagesBehind, name: 'msk_iam_consumer_messages_behind', bornBy: 'a consumer' },
  { metric: Metric.Commits, name: 'msk_iam_consumer_commits_total', bornBy: 'a consumer' },
  { metric: Metric.Rebalances, name: 'msk_iam_consumer_rebalances_total', bornBy: 'a second member' },
  {
    metric: Metric.Crashes,
    name: 'msk_iam_consumer_crashes_total',
    bornBy: 'a handler that fails',
    errorTypes: ['RangeError'],
  },
]
const healthy = rows.filter(({ bornBy }) => bornBy === undefined)
const bornLater = rows.filter(({ bornBy }) => bornBy !== undefined)

const role = 'arn:aws:iam::123456789012:role/orders'
const name = 'metrics'
let run: Run
let sts: LocalSts
let sasl: MskIamSasl
let producer: Producer
const consumers: Consumer[] = []
/** Lets the handler that waits go on. */
let release: (() => void) | undefined
const group = () => `metrics-${run.id}`
/** What Prometheus had before any fault, and what it has after them. */
let before: Map<string, Sample[]>
let after: Map<string, Sample[]>

beforeAll(async () => {
  run = startRun('metrics')
  sts = await startLocalSts({ credentialSeconds: 900 })
  const { accessKeyId, secretAccessKey } = credentialsOf('orders-service')
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  })
  const connection = createMskIamConnection({ region, name, awsRoleArn: role, ssl: ssl() })
  sasl = connection.sasl
  const kafka = instrumentKafka(new Kafka({ clientId: run.service, brokers: [broker], ...connection }))
  producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ key: run.id, value: 'tea' }] })
  before = await answered(healthy)

  await meetStsDown()
  await meetDeny(kafka)
  await meetConsumers(kafka)
  after = await answered(rows)
})

afterAll(async () => {
  clearFault()
  release?.()
  await Promise.all(consumers.map((consumer) => consumer.disconnect()))
  await producer?.disconnect()
  sasl?.close()
  await run?.stop()
  await sts?.close()
})

test('the table has every metric that there is', () => {
  expect(rows.map(({ metric }) => metric).sort()).toEqual(Object.values(Metric).sort())
})

describe('without any fault Prometheus answers by name for', () => {
  test.each(healthy)('$metric: $name', ({ name, series = 1 }) => {
    const samples = before.get(name) ?? []
    expect(samples).toHaveLength(series)
    for (const { value, labels } of samples) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(labels['error_type']).toBeUndefined()
    }
  })

  test('every result of a token request, from 0', () => {
    const results = Object.fromEntries(
      (before.get('msk_iam_token_requests_total') ?? []).map(({ labels, value }) => [
        labels['msk_iam_token_result'],
        value,
      ]),
    )
    expect(results).toEqual({ ...Object.fromEntries(TOKEN_RESULTS.map((result) => [result, 0])), miss: 1 })
  })

  test('the values of a provider that works', () => {
    const first = (metric: string) => before.get(metric)?.[0]?.value
    expect(first('msk_iam_providers')).toBe(1)
    expect(first('msk_iam_token_refresh_consecutive_failures')).toBe(0)
    expect(first('messaging_client_sent_messages_total')).toBe(1)
    expect(first('msk_iam_authentication_duration_seconds_count')).toBe(1)
    expect(first('msk_iam_token_remaining_lifetime_seconds')).toBeGreaterThan(0)
    expect(first('msk_iam_credentials_remaining_lifetime_seconds')).toBeGreaterThan(0)
  })
})

describe('born later', () => {
  test.each(bornLater)('$metric: $name, by $bornBy', ({ name, errorTypes = [undefined] }) => {
    expect(before.get(name)).toEqual([])
    const samples = after.get(name) ?? []
    expect(samples.map(({ labels }) => labels['error_type']).sort()).toEqual([...errorTypes].sort())
    expect(samples[0]?.value).toBeGreaterThan(0)
  })
})

test('all msk_iam metrics carry the name of the provider and the region, or the group', () => {
  for (const [metric, samples] of after) {
    if (!metric.startsWith('msk_iam')) continue
    const carried = metric.startsWith('msk_iam_consumer')
      ? { messaging_consumer_group_name: group() }
      : { msk_iam_provider_name: name, cloud_region: region }
    for (const { labels } of samples) expect(labels, metric).toMatchObject(carried)
  }
})

/** A second provider of the same name, which never gets a token. */
async function meetStsDown(): Promise<void> {
  await using second = createMskIamSasl({ region, name, awsRoleArn: role })
  sts.setFault('down')
  try {
    await expect(second.oauthBearerProvider()).rejects.toMatchObject({ code: 'sts_unreachable' })
  } finally {
    sts.setFault(undefined)
  }
}

async function meetDeny(kafka: Kafka): Promise<void> {
  const refused = kafka.producer()
  setFault('deny', { principal: 'orders-service' })
  try {
    await expect(refused.connect()).rejects.toMatchObject({ failure: { code: 'access_denied' } })
  } finally {
    clearFault({ principal: 'orders-service' })
    await refused.disconnect()
  }
}

/** One that crashes; another that goes on, is joined by a third for a while, and then falls behind. */
async function meetConsumers(kafka: Kafka): Promise<void> {
  const topic = `orders-metrics-${run.id}`
  const member = async (eachMessage: () => Promise<void>) => {
    const consumer = kafka.consumer({ groupId: group(), heartbeatInterval: 500, maxWaitTimeInMs: 500 })
    consumers.push(consumer)
    const [joined, crashed] = [nextOf(consumer, 'GROUP_JOIN'), nextOf(consumer, 'CRASH')]
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage })
    await joined
    return { consumer, crashed }
  }
  await producer.send({ topic, messages: [{ value: 'tea' }] })
  const { crashed } = await member(() => Promise.reject(new RangeError('no')))
  await crashed

  let waitFor: Promise<void> | undefined
  const { consumer } = await member(async () => waitFor)
  const joinedAgain = nextOf(consumer, 'GROUP_JOIN')
  const third = await member(async () => undefined)
  await joinedAgain
  const alone = nextOf(consumer, 'GROUP_JOIN')
  await third.consumer.disconnect()
  await alone
  waitFor = new Promise((resolve) => {
    release = resolve
  })
  await producer.send({ topic, messages: [{ value: 'tea' }, { value: 'tea' }] })
  await until('Prometheus to have it behind', async () => {
    const samples = await prometheus(`msk_iam_consumer_messages_behind{service_name="${run.service}"} > 0`)
    return samples.length > 0
  })
}

const nextOf = (consumer: Consumer, event: 'GROUP_JOIN' | 'CRASH') =>
  new Promise<void>((resolve) => {
    const stop = consumer.on(consumer.events[event], () => {
      stop()
      resolve()
    })
  })

/** What Prometheus answers for every row, as soon as it has all of those that are waited for. */
async function answered(awaited: Row[]): Promise<Map<string, Sample[]>> {
  let missing: string[] = []
  return until(`Prometheus to have ${awaited.length} metrics`, async () => {
    const samples = await Promise.all(
      rows.map(({ name }) => prometheus(`${name}{service_name="${run.service}"}`)),
    )
    const byName = new Map(rows.map(({ name }, index) => [name, samples[index] ?? []]))
    missing = awaited.filter(({ name }) => byName.get(name)?.length === 0).map(({ name }) => name)
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`)
    return byName
  })
}
