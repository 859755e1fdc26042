import { SpanKind } from '@opentelemetry/api'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createMskIamConnection,
  createMskIamSasl,
  instrumentKafka,
  type MskIamConnectionOptions,
  type MskIamSasl,
} from '../../src/index.ts'
import { type AnsweringBroker, answeringBroker, type Exchange, refusal } from '../support/answering-broker.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

const REQUEST_ID = '0a1b2c3d-1111-2222-3333-444455556666'
/**
 * kafkajs authenticates again with the next request, since a session may have 10 s to live. Sends that wait for that all
 * begin after it: kafkajs lets one that has begun write between handshake and token, and Kafka then closes the connection.
 */
const SESSION_THAT_IS_DUE = { sessionLifetimeMs: 10_000 }

let telemetry: Telemetry
let count = 0
const open: MskIamSasl[] = []

beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => {
  for (const sasl of open.splice(0)) sasl.close()
  telemetry.clear()
})
afterAll(() => telemetry.stop())

function kafkaFor(
  broker: AnsweringBroker,
  options: Partial<MskIamConnectionOptions> = {},
  config: Partial<KafkaConfig> = {},
) {
  const name = `kafkajs-${++count}`
  const connection = createMskIamConnection({
    region: 'eu-west-1',
    name,
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
    ...options,
  } as MskIamConnectionOptions)
  open.push(connection.sasl)
  const base = {
    clientId: 'orders',
    brokers: [broker.address],
    ...connection,
    ssl: false,
    logLevel: logLevel.NOTHING,
  }
  return { kafka: instrumentKafka(new Kafka({ ...base, ...config })), sasl: connection.sasl, name }
}

const order = { topic: 'orders', messages: [{ value: 'tea' }] }
const idOf = (span: { spanContext(): { spanId: string } } | undefined) => span?.spanContext().spanId
const parentOf = (span: { parentSpanContext?: { spanId: string } } | undefined) =>
  span?.parentSpanContext?.spanId

describe('the first connection', () => {
  test('is one trace: connect, authenticate, refresh, sign', async () => {
    await using broker = await answeringBroker()
    const { kafka, name } = kafkaFor(broker)
    const producer = kafka.producer()
    await producer.connect()
    await producer.disconnect()

    const [sign, refresh, authenticate, connect, ...others] = telemetry.spans()
    expect(others).toEqual([])
    const provider = { 'msk_iam.provider.name': name, 'cloud.region': 'eu-west-1' }
    expect(connect).toMatchObject({
      name: 'msk_iam.connect',
      kind: SpanKind.INTERNAL,
      attributes: { 'msk_iam.client.type': 'producer' },
    })
    expect(connect?.parentSpanContext).toBeUndefined()
    expect(authenticate).toMatchObject({
      name: 'msk_iam.authenticate',
      kind: SpanKind.CLIENT,
      status: { code: 0 },
    })
    expect(authenticate?.attributes).toEqual({
      ...provider,
      'server.address': 'localhost',
      'server.port': broker.port,
      'msk_iam.authentication.kind': 'initial',
      'msk_iam.token.result': 'miss',
      'msk_iam.token.age': expect.any(Number),
    })
    expect(parentOf(authenticate)).toBe(idOf(connect))
    expect(refresh).toMatchObject({ name: 'msk_iam.token.refresh', kind: SpanKind.INTERNAL })
    expect(refresh?.attributes).toEqual({
      ...provider,
      'msk_iam.refresh.trigger': 'first',
      'msk_iam.signer.attempts': 1,
      'msk_iam.token.lifetime': expect.closeTo(900, -1),
      'msk_iam.credentials.source': 'custom',
    })
    expect(parentOf(refresh)).toBe(idOf(authenticate))
    expect(sign).toMatchObject({ name: 'msk_iam.token.sign', attributes: { 'msk_iam.signer.attempt': 1 } })
    expect(parentOf(sign)).toBe(idOf(refresh))
    expect(
      await telemetry.value('msk_iam.authentication.duration', { 'msk_iam.provider.name': name }),
    ).toMatchObject({ count: 1 })
  })

  test('of a second client that comes at once joins the same refresh, and links to it', async () => {
    await using broker = await answeringBroker()
    const { sasl } = kafkaFor(broker)
    const exchange = () =>
      sasl
        .authenticationProvider({
          host: 'b-1',
          port: 9098,
          logger: { error: () => undefined },
          saslAuthenticate: async () => undefined,
        })
        .authenticate()
    await Promise.all([exchange(), exchange()])
    const [refresh, ...others] = telemetry.spans('msk_iam.token.refresh')
    expect(others).toEqual([])
    const joined = telemetry
      .spans('msk_iam.authenticate')
      .find((span) => span.attributes['msk_iam.token.result'] === 'joined')
    expect(joined?.links.map((link) => link.context.spanId)).toEqual([idOf(refresh)])
  })

  test('of an admin and a consumer has its connect span too', async () => {
    await using broker = await answeringBroker()
    const { kafka } = kafkaFor(broker)
    const admin = kafka.admin()
    const consumer = kafka.consumer({ groupId: 'orders' })
    await admin.connect()
    await consumer.connect()
    await Promise.all([admin.disconnect(), consumer.disconnect()])
    expect(telemetry.spans('msk_iam.connect').map((span) => span.attributes['msk_iam.client.type'])).toEqual([
      'admin',
      'consumer',
    ])
  })
})

describe('a re-authentication', () => {
  test('hangs under the send that triggered it, and under no other', async () => {
    await using broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? SESSION_THAT_IS_DUE : {}),
      reauthenticationIntervalMs: 0,
    })
    const { kafka } = kafkaFor(broker)
    const producer = kafka.producer()
    await producer.connect()
    await Promise.all([producer.send(order), producer.send(order), producer.send(order)])
    await producer.disconnect()
    const [initial, again, ...others] = telemetry.spans('msk_iam.authenticate')
    expect(others).toEqual([])
    expect(initial?.attributes['msk_iam.authentication.kind']).toBe('initial')
    expect(again?.attributes).toMatchObject({
      'msk_iam.authentication.kind': 'reauthentication',
      'msk_iam.token.result': 'hit',
    })
    expect(telemetry.spans('send orders').map(idOf)).toContain(parentOf(again))
    expect(broker.exchanges.map(({ connection, onConnection }) => [connection, onConnection])).toEqual([
      [1, 1],
      [1, 2],
    ])
  })

  test('is not told from a first one without our socket factory, so nothing is said', async () => {
    await using broker = await answeringBroker()
    const sasl = createMskIamSasl({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'x' },
    })
    open.push(sasl)
    const producer = new Kafka({ brokers: [broker.address], sasl, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    await producer.disconnect()
    expect(telemetry.spans('msk_iam.authenticate')[0]?.attributes).not.toHaveProperty(
      'msk_iam.authentication.kind',
    )
  })
})

describe('a refusal', () => {
  const denied = () => refusal(`[${REQUEST_ID}]: Access denied`)

  test('is told by span, metric, log record and log line, with one code, and without the token', async () => {
    await using broker = await answeringBroker({ authenticate: denied })
    const lines: { message: string; log: Record<string, unknown> }[] = []
    const { kafka, name } = kafkaFor(
      broker,
      {},
      {
        logLevel: logLevel.ERROR,
        logCreator:
          () =>
          ({ log }) =>
            void lines.push({ message: log.message, log }),
      },
    )
    await expect(kafka.producer().connect()).rejects.toMatchObject({
      type: 'SASL_AUTHENTICATION_FAILED',
      code: 58,
      retriable: false,
      failure: {
        code: 'access_denied',
        requestId: REQUEST_ID,
        hint: expect.stringContaining('kafka-cluster:Connect'),
      },
    })
    const [span] = telemetry.spans('msk_iam.authenticate')
    expect(span?.attributes).toMatchObject({
      'error.type': 'access_denied',
      'msk_iam.broker.request_id': REQUEST_ID,
    })
    expect(span?.status).toEqual({ code: 2, message: 'The broker verified the token and denied access' })
    expect(telemetry.spans('msk_iam.connect')[0]?.attributes['error.type']).toBe('access_denied')
    const series = { 'msk_iam.provider.name': name, 'error.type': 'access_denied' }
    expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
    expect(await telemetry.value('msk_iam.authentication.duration', series)).toMatchObject({ count: 1 })
    const [record] = telemetry.logs()
    expect(record).toMatchObject({
      eventName: 'msk_iam.authentication.failed',
      attributes: { 'error.type': 'access_denied' },
    })
    expect(record?.spanContext?.spanId).toBe(idOf(span))
    const line = lines.find(({ message }) => message.endsWith('[access_denied]'))
    expect(line?.log).toMatchObject({
      broker: broker.address,
      requestId: REQUEST_ID,
      docs: 'https://unpkg.com/kafka-iam-otel/docs/failures.md#access_denied',
      traceId: span?.spanContext().traceId,
    })
    const token = broker.exchanges[0]?.token ?? ''
    expect(token.length).toBeGreaterThan(200)
    expect(JSON.stringify(lines) + (await telemetry.dump())).not.toContain(token.slice(0, 16))
  })

  test('puts the broker on metrics only where that was asked for', async () => {
    await using broker = await answeringBroker({ authenticate: denied })
    const { kafka, name } = kafkaFor(broker, { serverAddressOnMetrics: true })
    await kafka
      .producer()
      .connect()
      .catch(() => undefined)
    const [point] = await telemetry.points('msk_iam.authentication.failures', {
      'msk_iam.provider.name': name,
    })
    expect(point?.attributes).toMatchObject({ 'server.address': 'localhost', 'server.port': broker.port })
  })

  test('by a broker of another region names both regions', async () => {
    await using broker = await answeringBroker()
    const { sasl } = kafkaFor(broker)
    const refused = sasl.authenticationProvider({
      host: 'b-1.orders.abc123.c2.kafka.us-east-1.amazonaws.com',
      port: 9098,
      logger: { error: () => undefined },
      saslAuthenticate: async () => {
        throw Object.assign(new Error('[x]: Invalid authentication payload'), {
          type: 'SASL_AUTHENTICATION_FAILED',
        })
      },
    })
    await expect(refused.authenticate()).rejects.toMatchObject({
      failure: {
        hint: expect.stringContaining('The broker is in us-east-1, but the token was signed for eu-west-1'),
      },
    })
  })
})

describe('a broker that throttles', () => {
  test('is asked by one client at a time until it admits them, and all are admitted by kafkajs’s own retries', async () => {
    let running = 0
    let most = 0
    const authenticate = async ({ number }: Exchange) => {
      if (number <= 3) return refusal(`[${REQUEST_ID}]: Too many connects`)
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return {}
    }
    await using broker = await answeringBroker({ authenticate })
    const { kafka, name } = kafkaFor(broker)
    const producers = Array.from({ length: 6 }, () => kafka.producer())
    await Promise.all(producers.map((producer) => producer.connect()))
    await Promise.all(producers.map((producer) => producer.disconnect()))
    expect(most).toBe(1)
    const series = { 'msk_iam.provider.name': name, 'error.type': 'too_many_connects' }
    expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(3)
  })
})

describe('without a token', () => {
  const failing = () => {
    const source = { broken: true, calls: 0 }
    const credentials = async () => {
      source.calls += 1
      if (source.broken) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' })
      return { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' }
    }
    return { source, credentials }
  }

  test.each([true, false])(
    'the caller of connect is told why, and the next connect succeeds (our sockets: %s)',
    async (ours) => {
      await using broker = await answeringBroker()
      const { source, credentials } = failing()
      const factory = ours ? {} : { socketFactory: undefined }
      const { kafka } = kafkaFor(broker, { credentials }, {
        retry: { retries: 0 },
        ...factory,
      } as Partial<KafkaConfig>)
      const producer = kafka.producer()
      await expect(producer.connect()).rejects.toMatchObject({ failure: { code: 'sts_throttled' } })
      source.broken = false
      await producer.connect()
      await producer.send(order)
      await producer.disconnect()
      expect(broker.published('orders')).toBe(1)
      expect(broker.connections).toBe(2)
    },
  )

  test('a source that recovers in time is not even noticed by the caller of connect', async () => {
    await using broker = await answeringBroker()
    const { source, credentials } = failing()
    const { kafka } = kafkaFor(broker, { credentials })
    const producer = kafka.producer()
    const connected = producer.connect()
    // Past our own four attempts, so that kafkajs has to try again.
    await vi.waitUntil(() => source.calls >= 5, { timeout: 20_000 })
    source.broken = false
    await connected
    await producer.disconnect()
  })

  test('several sends behind one re-authentication all settle with the cause', {
    timeout: 20_000,
  }, async () => {
    await using broker = await answeringBroker({
      authenticate: () => SESSION_THAT_IS_DUE,
      reauthenticationIntervalMs: 0,
    })
    const { source, credentials } = failing()
    source.broken = false
    // Its life is over before the session is: the re-authentication has to get another token.
    const short = async () => ({ ...(await credentials()), expiration: new Date(Date.now() + 3_900) })
    const { kafka, sasl } = kafkaFor(
      broker,
      { credentials: short, backgroundRefresh: false },
      { retry: { retries: 0 } },
    )
    const producer = kafka.producer()
    await producer.connect()
    source.broken = true
    await vi.waitUntil(() => sasl.inspect().token?.remainingSeconds === 0, { timeout: 10_000 })
    const sends = await Promise.allSettled([1, 2, 3].map(() => producer.send(order)))
    const codes = sends.map((sent) => sent.status === 'rejected' && sent.reason.failure?.code)
    expect(codes).toEqual(['sts_throttled', 'sts_throttled', 'sts_throttled'])
    source.broken = false
    await vi.waitUntil(
      () =>
        producer.send(order).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    await producer.disconnect()
  })
})

test('instrumenting twice makes one connect span', async () => {
  await using broker = await answeringBroker()
  const admin = instrumentKafka(kafkaFor(broker).kafka).admin()
  await admin.connect()
  await admin.disconnect()
  expect(telemetry.spans('msk_iam.connect')).toHaveLength(1)
})

test('an exchange that was not answered in time leaves nothing behind for the next', async () => {
  await using broker = await answeringBroker({
    authenticate: ({ number }) => (number === 1 ? { kind: 'hang' } : {}),
  })
  const { kafka } = kafkaFor(broker, {}, { requestTimeout: 300, retry: { retries: 0 } })
  const producer = kafka.producer()
  await expect(producer.connect()).rejects.toMatchObject({ failure: { code: 'authentication_timeout' } })
  await producer.connect()
  await producer.disconnect()
})

test('without any SDK, clients connect and send all the same', async () => {
  await telemetry.stop()
  try {
    await using broker = await answeringBroker()
    const producer = kafkaFor(broker).kafka.producer()
    await producer.connect()
    await producer.send(order)
    await producer.disconnect()
    expect(broker.published('orders')).toBe(1)
  } finally {
    telemetry = startTelemetry()
  }
})
