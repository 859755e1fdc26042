/** Takes about a minute: an outage of 40 s, with what comes before and after it. */
import { setInterval as every } from 'node:timers/promises'
import { Kafka, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { createMskIamConnection, type Failure, instrumentKafka, type MskIamSasl } from '../../src/index.ts'
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { type LocalSts, startLocalSts } from '../../src/testing/index.ts'
import { type JaegerSpan, jaeger } from './support/jaeger.ts'
import { broker, region, ssl } from './support/places.ts'
import { singleValue } from './support/prometheus.ts'
import { endOf, readBack } from './support/read-back.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { until } from './support/until.ts'

const OUTAGE_MS = 40_000
const MESSAGES_PER_SECOND = 10
const role = 'arn:aws:iam::123456789012:role/orders'
let run: Run
let sts: LocalSts

beforeAll(async () => {
  run = startRun('outage')
  sts = await startLocalSts({ credentialSeconds: 60 })
  const { accessKeyId, secretAccessKey } = credentialsOf('orders-service')
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  })
})

afterEach(() => {
  clearFault()
  sts.setFault(undefined)
})

afterAll(async () => {
  clearFault()
  await run?.stop()
  await sts?.close()
})

describe('an STS outage of 40 s costs no publish while a token of 60 s lives', () => {
  const name = 'outage'
  let sasl: MskIamSasl
  let publisher: Publisher
  let onBroker: string[]
  /** What Prometheus said when it first told of failures, while STS was still down. */
  let noticed: { failures: number; remainingLife: number | undefined; stsDown: boolean }
  let spans: JaegerSpan[]
  /** Epoch µs. */
  let outage: { begin: number; end: number }

  const metric = (of: string, more = '') =>
    `${of}{service_name="${run.service}",msk_iam_provider_name="${name}"${more}}`

  beforeAll(async () => {
    const from = await endOf('orders')
    const connection = createMskIamConnection({ region, name, awsRoleArn: role, ssl: ssl() })
    sasl = connection.sasl
    const kafka = instrumentKafka(
      new Kafka({
        clientId: run.service,
        brokers: [broker],
        ...connection,
        // Nobody's retry hides a failure: it would cost its publish.
        retry: { retries: 0 },
      }),
    )
    const producer = kafka.producer()
    // Sessions of 12 s, which kafkajs renews after 2 s: re-authentications all through the outage.
    setFault('short-session')
    await producer.connect()
    publisher = publishing(producer)
    try {
      // Warm: a refresh in the background has happened, and the token in hand is as good as new.
      const age = () => sasl.inspect().token?.ageSeconds ?? 0
      await until('the token to be some seconds old', () => age() > 4)
      await until('a refresh in the background', () => age() < 2)

      sts.setFault('down')
      const begin = Date.now() * 1000
      noticed = await until('failures in Prometheus', async () => {
        const failures = await singleValue(`sum(${metric('msk_iam_token_refresh_failures_total')})`)
        if (!failures) return undefined
        const remainingLife = await singleValue(metric('msk_iam_token_remaining_lifetime_seconds'))
        return { failures, remainingLife, stsDown: Date.now() * 1000 < begin + OUTAGE_MS * 1000 }
      })
      await until('the outage to end', () => Date.now() * 1000 >= begin + OUTAGE_MS * 1000, { seconds: 60 })
      sts.setFault(undefined)
      outage = { begin, end: Date.now() * 1000 }

      await until('a token of after the outage', () => (sasl.inspect().token?.remainingSeconds ?? 0) > 45)
      const sent = publisher.acknowledged.length
      await until('messages after that', () => publisher.acknowledged.length > sent + MESSAGES_PER_SECOND)
    } finally {
      await publisher.stop()
    }
    onBroker = (await readBack('orders', from)).map(({ key }) => key).filter((key) => key.startsWith(run.id))
    spans = await until('the last send in Jaeger', async () => {
      const found = await jaeger(run.service, { since: run.startedAt })
      return found.filter((span) => span.name === 'send orders').length >= publisher.asked && found
    })
    await producer.disconnect()
  }, 240_000)

  afterAll(() => sasl?.close())

  test('every publish succeeds', () => {
    expect(publisher.failures).toEqual([])
    expect(publisher.acknowledged).toHaveLength(publisher.asked)
    // It did publish all the time.
    expect(publisher.asked).toBeGreaterThan((OUTAGE_MS / 1000) * (MESSAGES_PER_SECOND / 2))
  })

  test('messages in = messages out, none twice', () => {
    expect(onBroker.sort()).toEqual([...publisher.acknowledged].sort())
  })

  test('connections authenticated again on a stale token, under the sends that triggered it', async () => {
    const stale = spans.filter(
      ({ name: span, attributes }) =>
        span === Span.Authenticate && attributes[Attribute.TokenResult] === 'stale',
    )
    expect(stale.length).toBeGreaterThan(0)
    for (const span of stale) {
      expect(span).toMatchObject({
        status: 'UNSET',
        attributes: { [Attribute.AuthenticationKind]: 'reauthentication' },
      })
      expect(spans.find(({ spanId }) => spanId === span.parentId)?.name).toBe('send orders')
    }
    await until(`${stale.length} stale requests in Prometheus`, async () => {
      const counted = await singleValue(
        metric('msk_iam_token_requests_total', ',msk_iam_token_result="stale"'),
      )
      return counted === stale.length
    })
  })

  test('credentials whose source is down are noticed while the token still lives', async () => {
    expect(noticed.stsDown).toBe(true)
    expect(noticed.failures).toBeGreaterThan(0)
    expect(noticed.remainingLife).toBeGreaterThan(0)
    const least = await singleValue(
      `min_over_time(${metric('msk_iam_token_remaining_lifetime_seconds')}[5m])`,
    )
    expect(least).toBeGreaterThan(0)
    const during = refreshes().filter(({ start }) => start > outage.begin && start < outage.end)
    const failed = during.filter(({ status }) => status === 'ERROR')
    expect(failed.length).toBeGreaterThan(0)
    expect(new Set(failed.map(({ attributes }) => attributes[Attribute.ErrorType]))).toEqual(
      new Set(['sts_unreachable']),
    )
  })

  test('afterwards refreshes succeed again, and the failures in a row are back to 0', async () => {
    const after = refreshes().filter(({ start }) => start > outage.end)
    expect(after.some(({ status }) => status === 'UNSET')).toBe(true)
    await until('0 consecutive failures in Prometheus', async () => {
      const failures = await singleValue(metric('msk_iam_token_refresh_consecutive_failures'))
      return failures === 0
    })
    expect(sasl.inspect()).toMatchObject({ consecutiveFailures: 0 })
    expect(sasl.inspect().lastFailure).toBeUndefined()
    const most = await singleValue(
      `max_over_time(${metric('msk_iam_token_refresh_consecutive_failures')}[5m])`,
    )
    expect(most).toBeGreaterThan(0)
  })

  const refreshes = () => spans.filter(({ name: span }) => span === Span.TokenRefresh)
})

describe('an STS outage at the first connect', () => {
  let sasl: MskIamSasl
  let kafka: Kafka

  beforeAll(() => {
    const connection = createMskIamConnection({ region, name: 'first', awsRoleArn: role, ssl: ssl() })
    sasl = connection.sasl
    kafka = instrumentKafka(
      new Kafka({
        clientId: run.service,
        brokers: [broker],
        ...connection,
        retry: { retries: 2, initialRetryTime: 100 },
      }),
    )
  })

  afterAll(() => sasl?.close())

  test('is what the error of connect says, whatever kafkajs tried again meanwhile', async () => {
    const producer = kafka.producer()
    sts.setFault('down')
    const error = await producer.connect().then(
      () => undefined,
      (met: Error & { failure?: Failure }) => met,
    )
    expect(error?.failure).toStrictEqual({
      code: 'sts_unreachable',
      hint: expect.stringContaining('VPC endpoint for sts'),
    })
    await producer.disconnect()
  })

  test('costs nothing once it is over: the same client connects and publishes', async () => {
    const producer = kafka.producer()
    await until('a connection', () =>
      producer.connect().then(
        () => true,
        () => false,
      ),
    )
    await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
    await producer.disconnect()
  })
})

interface Publisher {
  /** Keys of the messages whose send resolved. */
  readonly acknowledged: string[]
  readonly failures: unknown[]
  /** Sends so far. */
  readonly asked: number
  /** Waits for those under way. */
  stop(): Promise<void>
}

/** Publishes without waiting for the answer to the last, as requests of a service do. */
function publishing(producer: Producer): Publisher {
  const stopping = new AbortController()
  const acknowledged: string[] = []
  const failures: unknown[] = []
  const sends: Promise<void>[] = []
  const publish = async () => {
    const key = `${run.id}-${sends.length}`
    try {
      await producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
      acknowledged.push(key)
    } catch (error) {
      failures.push(error)
    }
  }
  const loop = async () => {
    for await (const _ of every(1000 / MESSAGES_PER_SECOND, undefined, { signal: stopping.signal }))
      sends.push(publish())
  }
  const running = loop().catch(() => undefined)
  return {
    acknowledged,
    failures,
    get asked() {
      return sends.length
    },
    async stop() {
      stopping.abort()
      await running
      await Promise.all(sends)
    },
  }
}
