import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Exchange, ExchangeAnswer } from '../../../src/testing/protocol/broker.ts'
import { selfSigned } from '../../../src/testing/self-signed.ts'
import { accept, authenticate, producerOf, RawClient, start } from './support.ts'

const order = { topic: 'orders', messages: [{ value: 'tea' }] }
const CODE = { unsupportedMechanism: 33, illegalState: 34, failed: 58 }

test('the exchange says who asks, and requests say who sent them', async () => {
  const exchanges: Exchange[] = []
  const requests: string[] = []
  await using started = await start({
    onExchange: (exchange) => {
      exchanges.push(exchange)
      return accept('alice')
    },
    onRequest: ({ apiName, principal }) => void requests.push(`${apiName} ${principal}`),
    token: () => 'a-token',
  })
  started.cluster.createTopic('orders')
  await using producer = await producerOf(started.kafka)
  await producer.send(order)
  expect(exchanges).toEqual([
    { broker: 0, connection: 1, token: 'a-token', onConnection: 1, previousPrincipal: undefined },
  ])
  expect(requests).toEqual([
    'ApiVersions undefined',
    'SaslHandshake undefined',
    'SaslAuthenticate undefined',
    'Metadata alice',
    'Produce alice',
  ])
})

test('over TLS, with resets too', async () => {
  const { key, cert } = selfSigned('localhost')
  let resets = 1
  await using started = await start({
    tls: { key, cert },
    config: { ssl: { ca: cert } },
    onRequest: ({ apiName }) => (apiName === 'Produce' && resets-- > 0 ? { kind: 'reset' } : undefined),
  })
  await using producer = await producerOf(started.kafka)
  await producer.send(order)
  expect(started.published('orders')).toMatchObject([{ value: 'tea' }])
  expect(started.broker.connections).toBe(2)
})

test('a refusal comes with its words, held back for 100 ms as Kafka does, and ends the connection', async () => {
  await using started = await start({
    onExchange: () => ({ kind: 'refuse', message: '[id]: Access denied' }),
  })
  await expect(started.kafka.producer().connect()).rejects.toMatchObject({
    name: 'KafkaJSSASLAuthenticationError',
    message: 'SASL OAUTHBEARER authentication failed: [id]: Access denied',
  })
  using client = new RawClient(started.broker.port)
  client.handshake()
  expect(await client.errorCode()).toBe(0)
  const begun = performance.now()
  client.authenticate('t')
  expect(await client.errorCode()).toBe(CODE.failed)
  expect(performance.now() - begun).toBeGreaterThan(95)
  await client.closed
})

test.for(['close', 'reset'] as const)('%s in place of an answer', async (kind) => {
  await using started = await start({ onExchange: () => ({ kind }) })
  const connecting = started.kafka.producer({ retry: { retries: 0 } }).connect()
  await expect(connecting).rejects.toThrow(kind === 'close' ? 'Closed connection' : 'ECONNRESET')
})

test('hang: nothing is said until the client goes', async () => {
  await using started = await start({ onExchange: () => ({ kind: 'hang' }) })
  using client = new RawClient(started.broker.port)
  client.handshake()
  await client.answer()
  client.authenticate('t')
  expect(await Promise.race([client.answer(), sleep(200, 'silence')])).toBe('silence')
  client.socket.end()
  await expect.poll(() => started.broker.openConnections).toBe(0)
})

test('hands shaken twice, another mechanism, a token of another form', async () => {
  await using started = await start()
  using twice = new RawClient(started.broker.port)
  twice.handshake()
  twice.handshake()
  expect([await twice.errorCode(), await twice.errorCode()]).toEqual([0, CODE.illegalState])
  await twice.closed

  using plain = new RawClient(started.broker.port)
  plain.handshake(1, 'PLAIN')
  const answer = await plain.answer()
  expect(answer?.readInt16BE(4)).toBe(CODE.unsupportedMechanism)
  expect(answer?.toString()).toContain('OAUTHBEARER')
  await plain.closed

  using garbled = new RawClient(started.broker.port)
  garbled.handshake()
  await garbled.answer()
  garbled.authenticate('')
  expect((await garbled.answer())?.toString()).toContain(
    'Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER',
  )
})

test('SaslHandshake 0: tokens without a header', async () => {
  await using started = await start()
  using client = new RawClient(started.broker.port)
  client.handshake(0)
  await client.answer()
  const token = Buffer.from('n,,\u0001auth=Bearer alice\u0001\u0001')
  const length = Buffer.alloc(4)
  length.writeInt32BE(token.length)
  client.socket.write(Buffer.concat([length, token]))
  expect(await client.answer()).toHaveLength(0)
  client.request(3, 1, Buffer.alloc(4))
  expect(await client.answer()).toBeDefined()
})

test.for([3, 0, 22, 36, 10, 99])(
  'before authentication a request %i closes the connection',
  async (apiKey) => {
    await using started = await start()
    using client = new RawClient(started.broker.port)
    client.request(apiKey, 1, Buffer.alloc(40))
    expect(await client.answer()).toBeUndefined()
  },
)

test('a callback that throws closes that connection, and is reported', async () => {
  const errors: unknown[] = []
  const mistake = new Error('mistake')
  const onExchange = (): ExchangeAnswer => {
    throw mistake
  }
  await using started = await start({ onExchange, onError: (error) => errors.push(error) })
  using client = new RawClient(started.broker.port)
  expect(await authenticate(client, 't')).toBeUndefined()
  expect(errors).toEqual([mistake])
})
