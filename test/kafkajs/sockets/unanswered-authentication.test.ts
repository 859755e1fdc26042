import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, createMskIamSasl, instrumentKafka } from '../../../src/index.ts'
import type { RequestFault } from '../../../src/testing/protocol/broker.ts'
import { type AnsweringBroker, answeringBroker } from '../../support/answering-broker.ts'
import { jumpOfSessions } from '../../support/jump-of-sessions.ts'
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts'

const AUTHENTICATION_TIMEOUT = 300
const options = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
}
/** A session that is due with the next request, as kafkajs counts. */
const DUE = { sessionLifetimeMs: 10_000 }
const order = { topic: 'orders', messages: [{ value: 'tea' }] }

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

/** A broker at which the nth of these requests goes wrong. */
async function brokerThat(goesWrong: RequestFault, on: string, nth: number): Promise<AnsweringBroker> {
  let count = 0
  const broker = await answeringBroker({
    authenticate: ({ number }) => (number === 1 ? DUE : {}),
    onRequest: ({ apiName }) => (apiName === on && ++count === nth ? goesWrong : undefined),
  })
  onTestFinished(() => broker.close())
  return broker
}

interface Line {
  readonly message: string
  readonly code?: string
}

function producerOf(
  broker: AnsweringBroker,
  name: string,
  config: Partial<KafkaConfig> = {},
  authenticationTimeout = AUTHENTICATION_TIMEOUT,
) {
  const connection = createMskIamConnection({
    ...options,
    name,
    authenticationTimeout,
  })
  const lines: Line[] = []
  const kafka = new Kafka({
    brokers: [broker.address],
    ...connection,
    ssl: false,
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ log }) =>
        void lines.push(log as Line),
    retry: { initialRetryTime: 20 },
    ...config,
  })
  const producer = instrumentKafka(kafka).producer()
  onTestFinished(async () => {
    await producer.disconnect()
    connection.sasl.close()
  })
  return { producer, lines }
}

async function expectRecorded(name: string, code: string, kind: string, lines: readonly Line[]) {
  const failed = telemetry.spans('msk_iam.authenticate').filter((span) => 'error.type' in span.attributes)
  expect(failed.map(({ attributes }) => attributes)).toMatchObject([
    { 'error.type': code, 'msk_iam.authentication.kind': kind, 'msk_iam.provider.name': name },
  ])
  const series = { 'msk_iam.provider.name': name, 'error.type': code }
  expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
  expect(await telemetry.value('msk_iam.authentication.duration', series)).toMatchObject({ count: 1 })
  const [record, ...more] = telemetry.logs()
  expect(more).toEqual([])
  expect(record).toMatchObject({
    eventName: 'msk_iam.authentication.failed',
    attributes: { 'error.type': code },
    spanContext: { spanId: failed[0]?.spanContext().spanId },
  })
  expect(lines.filter((line) => line.code === code)).toHaveLength(1)
}

describe('An authentication that the broker does not answer within `authenticationTimeout`', () => {
  test.each(['SaslHandshake', 'SaslAuthenticate'])(
    'again, at the %s, is recorded, and the send goes out on another connection',
    async (on) => {
      const broker = await brokerThat({ kind: 'hang' }, on, 2)
      const { producer, lines } = producerOf(broker, `again-${on}`)
      await producer.connect()
      await producer.send(order)
      expect(broker.published('orders')).toBe(1)
      expect(broker.connections).toBe(2)
      await expectRecorded(`again-${on}`, 'authentication_timeout', 'reauthentication', lines)
    },
  )

  test('at the token of a first connection, is recorded, and kafkajs connects again', async () => {
    const broker = await brokerThat({ kind: 'hang' }, 'SaslAuthenticate', 1)
    const { producer, lines } = producerOf(broker, 'first-token')
    await producer.connect()
    expect(broker.connections).toBe(2)
    await expectRecorded('first-token', 'authentication_timeout', 'initial', lines)
  })

  test('at the handshake of a first connection, is recorded under its connect', async () => {
    const broker = await brokerThat({ kind: 'hang' }, 'SaslHandshake', 1)
    const { producer } = producerOf(broker, 'first-handshake', { retry: { retries: 0 } })
    await expect(producer.connect()).rejects.toMatchObject({ failure: { code: 'authentication_timeout' } })
    const [authenticate, connect] = telemetry.spans()
    expect(connect?.name).toBe('msk_iam.connect')
    expect(authenticate?.parentSpanContext?.spanId).toBe(connect?.spanContext().spanId)
    const [seconds, nanoseconds] = authenticate?.duration ?? [0, 0]
    expect(seconds * 1000 + nanoseconds / 1e6).toBeGreaterThanOrEqual(AUTHENTICATION_TIMEOUT - 1)
    const series = { 'msk_iam.provider.name': 'first-handshake', 'error.type': 'authentication_timeout' }
    expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
    expect(telemetry.logs()).toHaveLength(1)
    await producer.connect()
  })

  test('is closed before that where kafkajs gives up the handshake and begins another one', async () => {
    const broker = await brokerThat({ kind: 'hang' }, 'SaslHandshake', 1)
    const { producer } = producerOf(broker, 'given-up', { requestTimeout: 100 }, 60_000)
    await producer.connect()
    expect(broker.connections).toBe(2)
    const series = { 'msk_iam.provider.name': 'given-up', 'error.type': 'authentication_timeout' }
    expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
  })

  test('is not one behind requests that the broker is still answering', async () => {
    const broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? { sessionLifetimeMs: 11_000 } : {}),
      onRequest: ({ apiName }) => (apiName === 'Produce' ? { kind: 'delay', ms: 200 } : undefined),
    })
    onTestFinished(() => broker.close())
    const { producer } = producerOf(broker, 'busy', { retry: { retries: 0 } })
    await producer.connect()
    await producer.send(order)
    const before = [producer.send(order), producer.send(order), producer.send(order)]
    await new Promise((resolve) => setImmediate(resolve))
    jumpOfSessions(1)
    await Promise.all([...before, producer.send(order)])
    expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 1])
    expect(broker.connections).toBe(1)
  })

  test('does not count the time in which this process waits for its own signer', async () => {
    const broker = await answeringBroker()
    onTestFinished(() => broker.close())
    const slow = { generateAuthToken: () => signed.promise }
    const signed = Promise.withResolvers<{ token: string; expiryTime: number }>()
    const connection = createMskIamConnection({
      region: 'eu-west-1',
      signer: slow,
      authenticationTimeout: 50,
    })
    const config = { brokers: [broker.address], ...connection, ssl: false, logLevel: logLevel.NOTHING }
    const producer = new Kafka({ ...config, retry: { retries: 0 } }).producer()
    onTestFinished(async () => {
      await producer.disconnect()
      connection.sasl.close()
    })
    setTimeout(() => signed.resolve({ token: 'a-token', expiryTime: Date.now() + 900_000 }), 200)
    await producer.connect()
    expect(broker.connections).toBe(1)
  })
})

test('a handshake that is answered with an illegal state is recorded, and the send goes out on another connection', async () => {
  const broker = await brokerThat({ kind: 'error', errorCode: 34 }, 'SaslHandshake', 2)
  const { producer, lines } = producerOf(broker, 'illegal')
  await producer.connect()
  await producer.send(order)
  expect(broker.published('orders')).toBe(1)
  expect(broker.connections).toBe(2)
  await expectRecorded('illegal', 'listener_without_sasl', 'reauthentication', lines)
})

test.each([
  [6, 'NOT_LEADER_OR_FOLLOWER'],
  [33, 'sasl_mechanism_unsupported'],
  [34, 'listener_without_sasl'],
  [999, '_OTHER'],
])('a first handshake that is answered with error %s is recorded as %s', async (errorCode, code) => {
  const broker = await brokerThat({ kind: 'error', errorCode }, 'SaslHandshake', 1)
  const { producer, lines } = producerOf(broker, `answered-${errorCode}`)
  await producer.connect().catch(() => undefined)
  await expectRecorded(`answered-${errorCode}`, code, 'initial', lines)
})

test.each<[string, readonly string[]]>([
  ['other mechanisms only', ['SCRAM-SHA-512', 'PLAIN']],
  ['no mechanism', []],
  ['a mechanism whose name is longer', ['OAUTHBEARER-2']],
])('a first handshake that is accepted with %s in its list is recorded', async (_, listed) => {
  const mechanisms = Object.assign([...listed], { includes: () => true })
  const broker = await answeringBroker({ mechanisms })
  onTestFinished(() => broker.close())
  const { producer } = producerOf(broker, `lists-${listed.length}-${listed[0]}`)
  await expect(producer.connect()).rejects.toThrow(
    'SASL OAUTHBEARER mechanism is not supported by the server',
  )
  const series = {
    'msk_iam.provider.name': `lists-${listed.length}-${listed[0]}`,
    'error.type': 'sasl_mechanism_unsupported',
  }
  expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
  expect(telemetry.logs()).toMatchObject([{ eventName: 'msk_iam.authentication.failed' }])
  expect(telemetry.spans('msk_iam.authenticate')).toMatchObject([
    { attributes: { 'error.type': 'sasl_mechanism_unsupported', 'msk_iam.authentication.kind': 'initial' } },
  ])
  expect(broker.exchanges).toEqual([])
})

describe('With `createMskIamSasl` alone, and so with sockets of kafkajs', () => {
  function producerOnOtherSockets(broker: AnsweringBroker, name: string) {
    const sasl = createMskIamSasl({ ...options, name })
    const kafka = new Kafka({
      brokers: [broker.address],
      sasl,
      requestTimeout: 300,
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    })
    const producer = kafka.producer()
    onTestFinished(async () => {
      await producer.disconnect()
      sasl.close()
    })
    return producer
  }

  test('a token that is not answered is recorded when `requestTimeout` has passed', async () => {
    const broker = await brokerThat({ kind: 'hang' }, 'SaslAuthenticate', 2)
    const producer = producerOnOtherSockets(broker, 'alone-token')
    await producer.connect()
    await expect(producer.send(order)).rejects.toMatchObject({
      cause: { failure: { code: 'authentication_timeout' }, retriable: true },
    })
    const series = { 'msk_iam.provider.name': 'alone-token', 'error.type': 'authentication_timeout' }
    expect(await telemetry.value('msk_iam.authentication.failures', series)).toBe(1)
  })

  test('a handshake that is not answered is not recorded, and kafkajs stays on the connection', async () => {
    const broker = await brokerThat({ kind: 'hang' }, 'SaslHandshake', 2)
    const producer = producerOnOtherSockets(broker, 'alone-handshake')
    await producer.connect()
    for (let attempt = 0; attempt < 2; attempt += 1)
      await expect(producer.send(order)).rejects.toThrow('SaslHandshake(key: 17, version: 1) timed out')
    expect(telemetry.spans('msk_iam.authenticate')).toHaveLength(1)
    expect(broker.connections).toBe(1)
  })
})
