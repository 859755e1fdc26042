import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { type Runtime, systemRuntime } from '../../src/base/clocks-and-timers.ts'
import type { MskIamSasl, MskIamSaslOptions } from '../../src/index.ts'
import { createMskIamConnection, instrumentKafka, type MskIamConnectionOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { selfSigned } from '../../src/testing/self-signed.ts'
import {
  type Answer,
  type AnsweringBrokerOptions,
  answeringBroker,
  refusal,
} from '../support/answering-broker.ts'
import { closedPort } from './aws-environment.ts'
import { type CaughtError, expectFailedSpan, rejectionOf } from './expect-failure.ts'
import { coveredWithABroker } from './reproduced-codes.ts'
import { asserted, expectAllAsserted, open, setUp, telemetry } from './set-up.ts'

const requestId = '0a1b2c3d-0000-1111-2222-333344445555'
const credentials = { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-secret' }

setUp()

interface ClientOptions {
  readonly ssl?: boolean | ConnectionOptions
  /** For createMskIamConnection. */
  readonly iam?: Partial<MskIamConnectionOptions>
  readonly sasl?: MskIamSasl
  /** Over what createMskIamConnection gives. */
  readonly kafka?: Partial<KafkaConfig>
}

/** A service's client: `new Kafka({ …, ...createMskIamConnection(…) })`, instrumented. Nothing is tried again. */
function clientOf(broker: string, { ssl = false, iam = {}, sasl, kafka = {} }: ClientOptions = {}) {
  const connection = createMskIamConnection({
    region: 'eu-west-1',
    backgroundRefresh: false,
    ...(iam.signer ? {} : { credentials }),
    ...iam,
  } as MskIamConnectionOptions)
  open.push(connection.sasl.close)
  const config = { ...connection, ...(sasl ? { sasl } : {}), ssl, ...kafka }
  return instrumentKafka(
    new Kafka({
      clientId: 'orders',
      brokers: [broker],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      ...config,
    }),
  )
}

function producerOf(broker: string, options?: ClientOptions): Producer {
  const producer = clientOf(broker, options).producer()
  open.push(() => producer.disconnect())
  return producer
}

const few: Partial<KafkaConfig> = { retry: { retries: 3, initialRetryTime: 20, maxRetryTime: 100 } }

interface Expected {
  readonly requestId?: string
  readonly host?: string
  readonly port?: number
}

/** Connects and asserts the failure: on the error that the caller catches, and on the connect span. */
async function expectNoConnection(
  code: string,
  broker: string,
  options?: ClientOptions,
  expected: Expected = {},
): Promise<CaughtError> {
  const error = await rejectionOf(producerOf(broker, options).connect())
  asserted.failure(error, code, expected.requestId)
  const [host, port] = broker.split(':')
  expectFailedSpan(telemetry.spans('msk_iam.connect')[0], code, {
    'msk_iam.client.type': 'producer',
    'server.address': expected.host ?? host,
    'server.port': expected.port ?? Number(port),
    ...(expected.requestId ? { 'msk_iam.broker.request_id': expected.requestId } : {}),
  })
  return error
}

const authentications = () => telemetry.spans('msk_iam.authenticate')

/** The exchange with the broker was reached, and its span says the same. */
function expectFailedAuthentication(
  code: string,
  port: number,
  attributes: Record<string, unknown> = {},
): void {
  expectFailedSpan(authentications()[0], code, {
    'server.address': 'localhost',
    'server.port': port,
    ...attributes,
  })
}

/** Answers SaslHandshake as a listener without SASL does. */
const withoutSasl: AnsweringBrokerOptions['onRequest'] = ({ apiName }) =>
  apiName === 'SaslHandshake' ? { kind: 'error', errorCode: 34 } : undefined

/** A server that is no Kafka. */
async function plainServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `localhost:${(server.address() as AddressInfo).port}`
}

describe('Connecting to a port that is not the IAM listener', () => {
  test('a listener that refuses the mechanism is told apart, and no token is asked for', async () => {
    await using broker = await answeringBroker({ mechanisms: ['SCRAM-SHA-512'] })
    await expectNoConnection('sasl_mechanism_unsupported', broker.address)
    expectFailedAuthentication('sasl_mechanism_unsupported', broker.port)
    expect(telemetry.spans('msk_iam.token.refresh')).toEqual([])
  })

  test('a listener that accepts the handshake but does not list the mechanism is told apart', async () => {
    const listed = Object.assign(['SCRAM-SHA-512'], { includes: () => true })
    await using broker = await answeringBroker({ mechanisms: listed })
    const error = await expectNoConnection('sasl_mechanism_unsupported', broker.address)
    expect(error.message).toBe('SASL OAUTHBEARER mechanism is not supported by the server')
    expectFailedAuthentication('sasl_mechanism_unsupported', broker.port)
  })

  test('a listener without SASL is told apart, and no token is asked for', async () => {
    await using broker = await answeringBroker({ onRequest: withoutSasl })
    await expectNoConnection('listener_without_sasl', broker.address)
    expectFailedAuthentication('listener_without_sasl', broker.port)
    expect(telemetry.spans('msk_iam.token.refresh')).toEqual([])
  })

  test('plaintext to a TLS listener of Kafka, which answers with an alert, says that ssl is missing', async () => {
    // What Kafka 4.3.1 answers, byte for byte.
    const alert = Buffer.from('15030300020250', 'hex')
    const broker = await plainServer((socket) => void socket.once('data', () => socket.end(alert)))
    await expectNoConnection('plaintext_to_tls_port', broker)
  })

  test('plaintext to a TLS port that closes without an alert says that ssl may be missing', async () => {
    // As OpenSSL does; Java, and so Kafka, sends an alert.
    const silent = await plainServer((socket) => void socket.once('data', () => socket.end()))
    const error = await expectNoConnection('connection_closed', silent)
    expect(error.failure.hint).toContain('without `ssl: true` on a TLS port')
  })

  test('TLS to a plaintext port that says nothing is a handshake that did not finish', async () => {
    await expectNoConnection('tls_handshake_timeout', await plainServer(() => undefined), {
      ssl: true,
      kafka: { connectionTimeout: 300 },
    })
  })

  test('TLS to a Kafka listener without TLS is closed by it, and told apart', async () => {
    await using broker = await answeringBroker()
    await expectNoConnection('tls_to_plaintext_port', broker.address, { ssl: true })
    expect(broker.exchanges).toEqual([])
  })

  test.each([
    ['closes the connection', (socket: Socket) => void socket.once('data', () => socket.end())],
    [
      'answers with something else',
      (socket: Socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
  ])('TLS to a plaintext port that %s is told apart', async (_, onConnection) => {
    await expectNoConnection('tls_to_plaintext_port', await plainServer(onConnection), { ssl: true })
  })
})

describe('Connecting over the network', () => {
  test.each(['127.0.0.1', 'localhost'])('a port of %s where nothing listens is refused', async (host) => {
    await expectNoConnection('connection_refused', `${host}:${await closedPort()}`)
  })

  test('a broker whose name does not exist is not found', async () => {
    await expectNoConnection('dns_not_found', 'b-1.orders.invalid:9098', { ssl: true })
  })

  test('a name server that does not answer is a connection that was not opened in time', async () => {
    const lookup = () => undefined
    await expectNoConnection('connection_timeout', 'b-1.orders.example:9098', {
      ssl: { lookup },
      kafka: { connectionTimeout: 100 },
    })
  })

  test('a listener that never answers the first request is a request that timed out', async () => {
    await expectNoConnection('request_timeout', await plainServer(() => undefined), {
      kafka: { connectionTimeout: 200, requestTimeout: 200 },
    })
  })

  test('consumers and admins are told the same', async () => {
    const broker = `127.0.0.1:${await closedPort()}`
    const kafka = clientOf(broker)
    const clients = { consumer: kafka.consumer({ groupId: 'orders' }), admin: kafka.admin() }
    for (const [type, client] of Object.entries(clients)) {
      telemetry.clear()
      asserted.failure(await rejectionOf(client.connect()), 'connection_refused')
      expectFailedSpan(telemetry.spans('msk_iam.connect')[0], 'connection_refused', {
        'msk_iam.client.type': type,
        'server.address': '127.0.0.1',
      })
    }
  })
})

describe('Connecting over TLS', () => {
  test('a self-signed certificate is not trusted, until it is given as ca', async () => {
    const tls = selfSigned('localhost')
    await using broker = await answeringBroker({ tls })
    await expectNoConnection('tls_certificate_untrusted', broker.address, { ssl: true })
    await producerOf(broker.address, { ssl: { ca: tls.cert } }).connect()
    expect(broker.exchanges).toHaveLength(1)
  })

  test('a certificate for another name is told apart, until that name is given as servername', async () => {
    const tls = selfSigned('b-1.orders.example')
    await using broker = await answeringBroker({ tls })
    await expectNoConnection('tls_hostname_mismatch', broker.address, { ssl: { ca: tls.cert } })
    const ssl = { ca: tls.cert, servername: 'b-1.orders.example' }
    await producerOf(broker.address, { ssl }).connect()
    expect(broker.exchanges).toHaveLength(1)
  })

  test.each([
    ['has expired', -10],
    ['is not valid yet', 10],
  ])('a certificate that %s is told apart', async (_, from) => {
    const tls = selfSigned('localhost', from)
    await using broker = await answeringBroker({ tls })
    await expectNoConnection('tls_certificate_expired', broker.address, { ssl: { ca: tls.cert } })
  })
})

describe('While a broker authenticates', () => {
  const answering = (...answers: Answer[]) =>
    answeringBroker({ authenticate: ({ number }) => answers[number - 1] ?? {} })

  test('a broker that closes the connection is told, and kafkajs may try again', async () => {
    await using broker = await answering({ kind: 'close' })
    await expectNoConnection('connection_closed', broker.address)
    expectFailedAuthentication('connection_closed', broker.port, {
      'msk_iam.authentication.kind': 'initial',
    })
  })

  test('a connection that is closed once costs nothing but another connection', async () => {
    await using broker = await answering({ kind: 'close' })
    await producerOf(broker.address, { kafka: few }).connect()
    expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 2])
  })

  test('a broker that does not answer is a timeout of the authentication', async () => {
    await using broker = await answering({ kind: 'hang' })
    await expectNoConnection('authentication_timeout', broker.address, { kafka: { requestTimeout: 200 } })
    expectFailedAuthentication('authentication_timeout', broker.port)
  })

  test('a denial is told with the request id, and is not tried again', async () => {
    const denied = refusal(`[${requestId}]: Access denied`)
    await using broker = await answering(denied, denied)
    await expectNoConnection('access_denied', broker.address, { kafka: few }, { requestId })
    expectFailedAuthentication('access_denied', broker.port, { 'msk_iam.broker.request_id': requestId })
    expect(broker.exchanges).toHaveLength(1)
  })

  test('a refusal without a known reason is told with the request id', async () => {
    await using broker = await answering(refusal(`[${requestId}]: Something new`))
    await expectNoConnection('sasl_authentication_failed', broker.address, {}, { requestId })
    expectFailedAuthentication('sasl_authentication_failed', broker.port)
  })

  test('an OAuth error in a reply without an error code is a failure, not a success', async () => {
    await using broker = await answering({ authBytes: '{"status":"invalid_token","scope":"kafka"}' })
    await expectNoConnection('oauthbearer_error', broker.address)
    expectFailedAuthentication('oauthbearer_error', broker.port)
  })

  test.each([
    ['too_many_connects', 'Too many connects'],
    ['invalid_signature', 'Invalid authentication payload'],
    ['session_too_short', 'Session too short'],
    [
      'principal_changed',
      'Cannot change principals during re-authentication from IAM.arn:aws:iam::123456789012:role/a: IAM.arn:aws:iam::123456789012:role/b',
    ],
  ])('%s is told with the request id where kafkajs may not try again', async (code, text) => {
    await using broker = await answering(refusal(`[${requestId}]: ${text}`))
    await expectNoConnection(code, broker.address, {}, { requestId })
    expectFailedAuthentication(code, broker.port, { 'msk_iam.broker.request_id': requestId })
    expect(await telemetry.dump()).not.toContain('123456789012')
  })

  test('too many connects are over after another connection, with the same token', async () => {
    await using broker = await answering(refusal(`[${requestId}]: Too many connects`))
    await producerOf(broker.address, { kafka: few }).connect()
    const [first, second, ...more] = broker.exchanges
    expect(more).toEqual([])
    expect([first?.connection, second?.connection]).toEqual([1, 2])
    expect(second?.token).toBe(first?.token)
    expectFailedAuthentication('too_many_connects', broker.port)
    expect(authentications()[1]?.attributes['error.type']).toBeUndefined()
  })

  test('a payload that the broker calls invalid is not offered again: the next try has a new token', async () => {
    await using broker = await answering(refusal(`[${requestId}]: Invalid authentication payload`))
    await producerOf(broker.address, { kafka: few }).connect()
    const [first, second, ...more] = broker.exchanges
    expect(more).toEqual([])
    expect(second?.token).not.toBe('')
    expect(second?.token).not.toBe(first?.token)
    expectFailedAuthentication('invalid_signature', broker.port)
  })
})

describe('A signer that caches', () => {
  test('is told that it gave the refused token again, and the broker is not asked with it', async () => {
    await using broker = await answeringBroker({
      authenticate: () => refusal(`[${requestId}]: Invalid authentication payload`),
    })
    const signer = {
      generateAuthToken: async () => ({ token: 'always-the-same', expiryTime: Date.now() + 900_000 }),
    }
    await expectNoConnection('token_refused_again', broker.address, { iam: { signer }, kafka: few })
    expect(broker.exchanges).toHaveLength(1)
    expectFailedSpan(authentications()[1], 'token_refused_again', { 'server.port': broker.port })
  })
})

describe('While a connection authenticates again', () => {
  /** A session that is over for kafkajs as soon as it has begun. */
  const kafka: Partial<KafkaConfig> = { ...few, reauthenticationThreshold: 60_000 }
  const over: Answer = { sessionLifetimeMs: 60_000 }
  const send = (producer: Producer) => producer.send({ topic: 'orders', messages: [{ value: 'a' }] })

  test('a denial reaches the caller of send, with code, hint and request id', async () => {
    const denied = refusal(`[${requestId}]: Access denied`)
    await using broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? over : denied),
    })
    const producer = producerOf(broker.address, { kafka })
    await producer.connect()
    asserted.failure(await rejectionOf(send(producer)), 'access_denied', requestId)
    expectFailedSpan(telemetry.spans('send orders')[0], 'access_denied', {
      'msk_iam.broker.request_id': requestId,
    })
    expectFailedSpan(authentications()[1], 'access_denied', {
      'server.port': broker.port,
      'msk_iam.authentication.kind': 'reauthentication',
    })
    expect(broker.published('orders')).toBe(0)
  })

  test('an illegal SASL state under three sends at once hangs none of them, and nothing is lost', async () => {
    const illegal: Answer = {
      kind: 'refuse',
      errorCode: 34,
      message: 'Request is not valid given the current SASL state',
    }
    await using broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? over : number === 2 ? illegal : {}),
    })
    // The broker closes the refused connection after 100 ms: kafkajs has to outlast that.
    const retry = { retries: 8, initialRetryTime: 50, maxRetryTime: 200 }
    const producer = producerOf(broker.address, { kafka: { ...kafka, retry } })
    await producer.connect()
    const settled = await Promise.allSettled([send(producer), send(producer), send(producer)])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect(broker.published('orders')).toBe(3)
    expectFailedSpan(authentications()[1], 'listener_without_sasl', {
      'msk_iam.authentication.kind': 'reauthentication',
    })
  })

  test('an illegal SASL state that stays settles three sends at once, and none of them is sent', async () => {
    const illegal: Answer = {
      kind: 'refuse',
      errorCode: 34,
      message: 'Request is not valid given the current SASL state',
    }
    await using broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? over : illegal),
    })
    const producer = producerOf(broker.address, { kafka })
    await producer.connect()
    const errors = await Promise.all([1, 2, 3].map(() => rejectionOf(send(producer))))
    // Which of the two a send meets last depends on when the broker closes the refused connection.
    for (const { failure } of errors)
      expect(['listener_without_sasl', 'connection_closed']).toContain(failure.code)
    const again = authentications().slice(1)
    expect(again.length).toBeGreaterThan(0)
    for (const span of again) {
      expect(['listener_without_sasl', 'connection_closed']).toContain(span.attributes['error.type'])
    }
    expect(broker.published('orders')).toBe(0)
  })
})

describe('Without a token', () => {
  const hanging = { generateAuthToken: () => new Promise<never>(() => undefined) }
  /** A hundred times as fast. */
  const fast: Runtime = {
    ...systemRuntime,
    monotonic: () => systemRuntime.monotonic() * 100,
    after: (ms, callback) => systemRuntime.after(ms / 100, callback),
    random: () => 0,
  }
  const providerWith = (runtime: Runtime, options: Partial<MskIamSaslOptions>) => {
    const given = { region: 'eu-west-1', backgroundRefresh: false, ...options } as MskIamSaslOptions
    const sasl = buildMskIamSasl(checkedSaslOptions(given), runtime)
    open.push(sasl.close)
    return sasl
  }

  test('a signer that hangs does not hang the connect', async () => {
    await using broker = await answeringBroker()
    await expectNoConnection('signer_timeout', broker.address, {
      sasl: providerWith(fast, { signer: hanging }),
    })
    expectFailedAuthentication('signer_timeout', broker.port)
    expect(broker.exchanges).toEqual([])
  })

  test('sends behind a hanging signer wait for the connection lock and no longer', async () => {
    // Every request finds the session over, so the token is asked for again by each send.
    await using broker = await answeringBroker({
      authenticate: () => ({ sessionLifetimeMs: 60_000 }),
      reauthenticationIntervalMs: 0,
    })
    let hangs = false
    let elapsed = 0
    const signer = {
      generateAuthToken: () =>
        hangs
          ? hanging.generateAuthToken()
          : Promise.resolve({ token: 'abc', expiryTime: Date.now() + 900_000 }),
    }
    const clock: Runtime = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() + elapsed }
    const sasl = providerWith(clock, { signer })
    const producer = producerOf(broker.address, {
      sasl,
      kafka: { reauthenticationThreshold: 60_000, connectionTimeout: 150, authenticationTimeout: 50 },
    })
    const send = () => producer.send({ topic: 'orders', messages: [{ value: 'a' }] })
    await producer.connect()
    await send()
    elapsed = 901_000
    hangs = true
    const errors: CaughtError[] = []
    const sends = [1, 2, 3].map(async () => void errors.push(await rejectionOf(send())))
    await vi.waitFor(() => expect(errors).toHaveLength(2), 3_000)
    sasl.close()
    await Promise.all(sends)
    const [first, second, last] = errors as [CaughtError, CaughtError, CaughtError]
    asserted.failure(first, 'connection_lock_timeout')
    asserted.failure(second, 'connection_lock_timeout')
    asserted.failure(last, 'provider_closed')
    const told = telemetry.spans('send orders').map(({ attributes }) => attributes['error.type'])
    expect(told).toEqual([undefined, 'connection_lock_timeout', 'connection_lock_timeout', 'provider_closed'])
    expect(broker.published('orders')).toBe(1)
  })

  test('raw credentials from a custom signer never leave the process', async () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    const raw = `ASIALOCALORDERS00001:${secret}:session-token`
    for (const token of [raw, Buffer.from(raw).toString('base64')]) {
      telemetry.clear()
      await using broker = await answeringBroker()
      const signer = { generateAuthToken: async () => ({ token, expiryTime: Date.now() + 900_000 }) }
      const error = await expectNoConnection('raw_credentials_refused', broker.address, { iam: { signer } })
      expectFailedAuthentication('raw_credentials_refused', broker.port)
      expect(broker.exchanges).toEqual([])
      expect(`${error.message}${error.stack}${await telemetry.dump()}`).not.toContain(secret)
    }
  })

  test('missing credentials are told by the connect', async () => {
    await using broker = await answeringBroker()
    await expectNoConnection('credentials_not_found', broker.address, {
      iam: { credentials: undefined } as Partial<MskIamConnectionOptions>,
    })
    expectFailedAuthentication('credentials_not_found', broker.port)
    expect(broker.exchanges).toEqual([])
  })
})

expectAllAsserted(coveredWithABroker)
