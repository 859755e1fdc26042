import { expect, onTestFinished, test, vi } from 'vitest'
import type { MskIamSasl } from '../../../src/index.ts'
import type { Sandbox } from '../../../src/testing/index.ts'
import {
  large,
  orders,
  ordersPublished,
  outcomes,
  published,
  reauthentications,
  start,
  values,
} from '../support.ts'
import { kafkaOf } from './kafka.ts'

type ProducerConfig = Parameters<ReturnType<typeof kafkaOf>['producer']>[0]

const tea = { partition: 0, value: 'tea' }

async function connected(sandbox: Sandbox, sasl: MskIamSasl, config: ProducerConfig = {}) {
  const producer = kafkaOf(sandbox, sasl).producer(config)
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  return producer
}

test('authenticates with our token and publishes to every partition', async () => {
  const { sandbox, sasl } = await start()
  const producer = await connected(sandbox, sasl)
  await producer.send({ topic: 'orders', messages: orders.map((order) => ({ ...order })) })
  expect(published(sandbox)).toEqual(ordersPublished)
  expect(outcomes(sandbox)).toEqual(['sandbox: accepted'])
  expect(sandbox.unsupported).toEqual([])
})

test('an idempotent producer writes each message once, when a leader moves and an acknowledgement is lost', async () => {
  const { sandbox, sasl } = await start()
  const producer = await connected(sandbox, sasl, { kafkaJS: { idempotent: true } })
  await producer.send({ topic: 'orders', messages: [{ ...tea, value: 'first' }] })
  sandbox.moveLeader('orders', 0, 1)
  await producer.send({ topic: 'orders', messages: [{ ...tea, value: 'second' }] })
  const lost = sandbox.faults.add({ on: 'Produce', connection: 'loseAcknowledgement', times: 1 })
  await producer.send({ topic: 'orders', messages: [{ ...tea, value: 'third' }] })
  expect(lost.struck).toBe(1)
  expect(values(sandbox)).toEqual(['first', 'second', 'third'])
  expect(sandbox.unsupported).toEqual([])
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'publishes what is compressed with %s',
  async (codec) => {
    const { sandbox, sasl } = await start()
    const producer = await connected(sandbox, sasl, {
      'compression.codec': codec,
      'message.max.bytes': 4_000_000,
    })
    await producer.send({ topic: 'orders', messages: [{ ...tea, value: large }] })
    expect(values(sandbox)).toEqual([large])
  },
)

test('is told that what it does not compress is too large', async () => {
  const { sandbox, sasl } = await start()
  const producer = await connected(sandbox, sasl, { 'message.max.bytes': 4_000_000 })
  await expect(
    producer.send({ topic: 'orders', messages: [{ ...tea, value: large }] }),
  ).rejects.toMatchObject({ type: 'ERR_MSG_SIZE_TOO_LARGE' })
  expect(values(sandbox)).toEqual([])
})

test('authenticates again before a session ends, and loses nothing', async () => {
  const { sandbox, sasl } = await start({ sessionSeconds: 2, brokers: 1 })
  const producer = await connected(sandbox, sasl)
  const sent: string[] = []
  await vi.waitUntil(
    async () => {
      sent.push(`tea ${sent.length}`)
      await producer.send({ topic: 'orders', messages: [{ ...tea, value: sent.at(-1) ?? '' }] })
      return reauthentications(sandbox).length >= 2
    },
    { timeout: 10_000 },
  )
  expect(values(sandbox)).toEqual(sent)
})

test('after one refusal it connects by itself', async () => {
  const { sandbox, sasl } = await start({ brokers: 1 })
  sandbox.faults.add({ refuse: 'Too many connects', times: 1 })
  const producer = await connected(sandbox, sasl)
  await producer.send({ topic: 'orders', messages: [{ ...tea }] })
  expect(outcomes(sandbox)).toEqual(['sandbox: Too many connects', 'sandbox: accepted'])
  expect(values(sandbox)).toEqual(['tea'])
})

test('its admin client lists topics, and says of what the sandbox does not do that it is unsupported', async () => {
  const { sandbox, sasl } = await start()
  const admin = kafkaOf(sandbox, sasl).admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  await expect(admin.listTopics()).resolves.toEqual(['orders'])
  await expect(admin.createTopics({ topics: [{ topic: 'audit' }] })).rejects.toMatchObject({
    errors: [{ type: 'ERR__UNSUPPORTED_FEATURE', topic: 'audit' }],
  })
  // The client reads what ApiVersions says, and does not ask.
  expect(sandbox.unsupported).toEqual([])
})
