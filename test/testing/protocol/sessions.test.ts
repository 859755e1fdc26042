import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Exchange } from '../../../src/testing/protocol/broker.ts'
import { accept, authenticate, producerOf, RawClient, start } from './support.ts'

const order = { topic: 'orders', messages: [{ value: 'tea' }] }
const ILLEGAL_SASL_STATE = 34

test('a session that has ended closes the connection at the next request', async () => {
  const kinds: string[] = []
  await using started = await start({
    onExchange: ({ onConnection, connection }) => {
      kinds.push(`${connection}.${onConnection}`)
      return accept('alice', 300)
    },
    config: { reauthenticationThreshold: 0 },
  })
  using client = new RawClient(started.broker.port)
  client.handshake()
  await client.answer()
  client.authenticate('t')
  expect((await client.answer())?.readBigInt64BE(12)).toBe(300n)
  client.request(3, 1, Buffer.alloc(4))
  expect(await client.answer()).toBeDefined()
  await sleep(320)
  client.request(3, 1, Buffer.alloc(4))
  expect(await client.answer()).toBeUndefined()
})

test('kafkajs authenticates again on the connection, before the session ends', async () => {
  const exchanges: Exchange[] = []
  await using started = await start({
    onExchange: (exchange) => {
      exchanges.push(exchange)
      return accept('alice', 1_600)
    },
    config: { reauthenticationThreshold: 1_000 },
  })
  await using producer = await producerOf(started.kafka)
  await producer.send(order)
  await sleep(800)
  await producer.send(order)
  expect(
    exchanges.map(({ connection, onConnection, previousPrincipal }) => [
      connection,
      onConnection,
      previousPrincipal,
    ]),
  ).toEqual([
    [1, 1, undefined],
    [1, 2, 'alice'],
  ])
  expect(started.broker.connections).toBe(1)
})

test('another principal on re-authentication is refused in the words of Kafka', async () => {
  await using started = await start({
    onExchange: ({ token }) => accept(token, 60_000),
    principalType: 'IAM',
  })
  using client = new RawClient(started.broker.port)
  expect(await authenticate(client, 'alice')).toBe(0)
  client.handshake()
  await client.answer()
  client.authenticate('bob')
  expect((await client.answer())?.toString()).toContain(
    'Cannot change principals during re-authentication from IAM.alice: IAM.bob',
  )
  await client.closed
})

test('a second re-authentication within a second is none, but the connection goes on', async () => {
  await using started = await start({ onExchange: ({ token }) => accept(token, 60_000) })
  using client = new RawClient(started.broker.port)
  expect(await authenticate(client, 'alice')).toBe(0)
  expect(await authenticate(client, 'alice')).toBe(0)
  expect(await authenticate(client, 'alice')).toBe(ILLEGAL_SASL_STATE)
  client.request(3, 1, Buffer.alloc(4))
  expect(await client.answer()).toBeDefined()
  await sleep(1_010)
  expect(await authenticate(client, 'alice')).toBe(0)
})

test('without a session there is no re-authentication', async () => {
  await using started = await start()
  using client = new RawClient(started.broker.port)
  expect(await authenticate(client, 'alice')).toBe(0)
  expect(await authenticate(client, 'alice')).toBe(ILLEGAL_SASL_STATE)
  client.authenticate('alice')
  expect(await client.errorCode()).toBe(ILLEGAL_SASL_STATE)
})
