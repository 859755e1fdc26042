import { expect, test } from 'vitest'
import { startBroker } from '../../../src/testing/protocol/broker.ts'
import { Cluster } from '../../../src/testing/protocol/cluster.ts'
import { selfSigned } from '../../../src/testing/self-signed.ts'
import { accept, int16, int32, producerOf, RawClient, start } from './support.ts'

const order = { topic: 'orders', messages: [{ value: 'tea' }] }

async function authenticated(port: number): Promise<RawClient> {
  const client = new RawClient(port)
  client.handshake()
  await client.answer()
  client.authenticate('alice')
  await client.answer()
  return client
}

test('what it does not serve is told so, where the answer has room for it', async () => {
  const unsupported: string[] = []
  await using started = await start({
    onUnsupported: ({ apiName, apiVersion, principal }) =>
      unsupported.push(`${apiName} ${apiVersion} ${principal}`),
  })
  using client = await authenticated(started.broker.port)
  client.request(10, 0, Buffer.alloc(4))
  expect((await client.answer())?.readInt16BE(4)).toBe(35)
  client.request(14, 4, Buffer.alloc(20), true)
  expect((await client.answer())?.readInt16BE(9)).toBe(35)
  client.request(19, 4, Buffer.alloc(20))
  expect(await client.answer()).toBeUndefined()
  expect(unsupported).toEqual(['FindCoordinator 0 alice', 'SyncGroup 4 alice', 'CreateTopics 4 alice'])
})

test('an ApiVersions that is too new is answered as version 0, with the versions to come back with', async () => {
  await using started = await start()
  using client = new RawClient(started.broker.port)
  client.request(18, 9, Buffer.alloc(20), true)
  const answer = await client.answer()
  expect(answer?.subarray(4)).toEqual(Buffer.concat([int16(35), int32(1), int16(18), int16(0), int16(4)]))
  client.request(18, 0, Buffer.alloc(0))
  expect(await client.errorCode()).toBe(0)
})

test('kafkajs is told by ApiVersions what not to try', async () => {
  await using started = await start()
  const admin = started.kafka.admin()
  await admin.connect()
  const creating = admin.createTopics({ topics: [{ topic: 'x' }] })
  await expect(creating).rejects.toThrow('The Kafka server does not support the requested API version')
  await admin.disconnect()
})

test('transactions are not served, and say so', async () => {
  await using started = await start()
  using client = await authenticated(started.broker.port)
  client.request(22, 1, Buffer.concat([int16(2), Buffer.from('tx'), int32(1000)]))
  expect((await client.answer())?.readInt16BE(8)).toBe(35)
})

test('answers come in the order of the requests, also behind one that is late', async () => {
  let first = true
  await using started = await start({
    onRequest: ({ apiName }) => {
      if (apiName !== 'Metadata' || !first) return undefined
      first = false
      return { kind: 'delay', ms: 100 }
    },
  })
  using client = await authenticated(started.broker.port)
  for (const version of [1, 0, 2, 4]) client.request(3, version, Buffer.alloc(5 - (version === 4 ? 0 : 1)))
  const correlations: (number | undefined)[] = []
  for (let i = 0; i < 4; i += 1) correlations.push((await client.answer())?.readInt32BE(0))
  expect(correlations).toEqual([301, 300, 302, 304])
})

test('a frame may come byte by byte', async () => {
  await using started = await start()
  using client = new RawClient(started.broker.port)
  client.socket.setNoDelay(true)
  const frame = Buffer.concat([int32(10), int16(18), int16(0), int32(7), int16(-1)])
  for (const byte of frame) {
    client.socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect((await client.answer())?.readInt32BE(0)).toBe(7)
})

test.for([-1, -2_147_483_648, 2_147_483_647, 101 * 1024 * 1024, 513 * 1024])(
  'a frame of %i bytes closes the connection',
  async (size) => {
    await using started = await start()
    await using producer = await producerOf(started.kafka)
    using client = new RawClient(started.broker.port)
    client.socket.write(int32(size))
    await client.closed
    await producer.send(order)
    expect(started.published('orders')).toHaveLength(1)
  },
)

test('over TLS, one that does not speak it is cut off alone', async () => {
  const { key, cert } = selfSigned('localhost')
  await using started = await start({ tls: { key, cert }, config: { ssl: { ca: cert } } })
  await using producer = await producerOf(started.kafka)
  using client = new RawClient(started.broker.port)
  client.handshake()
  await client.closed
  await producer.send(order)
  expect(started.broker.openConnections).toBe(1)
})

test('nothing keeps the process alive after close', async () => {
  const cluster = new Cluster()
  const broker = await startBroker({
    nodeId: 0,
    cluster,
    onExchange: ({ token }) => (token === 'no' ? { kind: 'refuse', message: 'no' } : accept(token)),
    onRequest: ({ apiName }) => (apiName === 'Metadata' ? { kind: 'delay', ms: 60_000 } : undefined),
  })
  using late = await authenticated(broker.port)
  late.request(3, 1, Buffer.alloc(4))
  using refused = new RawClient(broker.port)
  refused.handshake()
  refused.authenticate('no')
  await refused.answer()
  await refused.answer()
  await broker.close()
  await broker.close()
  await Promise.all([late.closed, refused.closed])
  expect(cluster.nodes).toEqual([])
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap')).toEqual([])
})
