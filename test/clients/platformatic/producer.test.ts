import {
  Admin,
  AuthenticationError,
  Producer,
  type ProducerOptions,
  ProtocolError,
  stringSerializers,
} from '@platformatic/kafka'
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

type Options = Partial<ProducerOptions<string, string, string, string>>

function clientOptions(sandbox: Sandbox, sasl: MskIamSasl) {
  return {
    clientId: 'orders',
    bootstrapBrokers: sandbox.brokers,
    sasl: {
      mechanism: 'OAUTHBEARER' as const,
      token: async () => (await sasl.oauthBearerProvider()).value,
    },
  }
}

function producerOf(sandbox: Sandbox, sasl: MskIamSasl, options: Options = {}) {
  const producer = new Producer({
    ...clientOptions(sandbox, sasl),
    serializers: stringSerializers,
    ...options,
  })
  onTestFinished(() => producer.close())
  return producer
}

/** An error and all that stand behind it. The client's own `findBy` does not look at causes. */
function withCauses(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const errors: unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...[...errors, error.cause].flatMap(withCauses)]
}

const toOrders = orders.map((order) => ({ topic: 'orders', ...order }))
const tea = { topic: 'orders', partition: 0, value: 'tea' }

test('authenticates with our token and publishes to every partition', async () => {
  const { sandbox, sasl } = await start()
  await producerOf(sandbox, sasl).send({ messages: toOrders })
  expect(published(sandbox)).toEqual(ordersPublished)
  expect(outcomes(sandbox)).toEqual(['sandbox: accepted'])
  expect(sandbox.unsupported).toEqual([])
})

test('an idempotent producer writes each message once, when a leader moves and an acknowledgement is lost', async () => {
  const { sandbox, sasl } = await start()
  const producer = producerOf(sandbox, sasl, { idempotent: true })
  await producer.send({ messages: [{ ...tea, value: 'first' }] })
  sandbox.moveLeader('orders', 0, 1)
  await producer.send({ messages: [{ ...tea, value: 'second' }] })
  const lost = sandbox.faults.add({ on: 'Produce', connection: 'loseAcknowledgement', times: 1 })
  await producer.send({ messages: [{ ...tea, value: 'third' }] })
  expect(lost.struck).toBe(1)
  expect(values(sandbox)).toEqual(['first', 'second', 'third'])
  expect(sandbox.unsupported).toEqual([])
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'publishes what is compressed with %s',
  async (compression) => {
    const { sandbox, sasl } = await start()
    await producerOf(sandbox, sasl, { compression }).send({ messages: [{ ...tea, value: large }] })
    expect(values(sandbox)).toEqual([large])
  },
)

test('is told that what it does not compress is too large', async () => {
  const { sandbox, sasl } = await start()
  const sent = producerOf(sandbox, sasl, { retries: 0 }).send({ messages: [{ ...tea, value: large }] })
  const error = await sent.catch((caught) => caught)
  expect(error.findBy('apiId', 'MESSAGE_TOO_LARGE')).toBeInstanceOf(ProtocolError)
  expect(values(sandbox)).toEqual([])
})

test('authenticates again before a session ends, and loses nothing', async () => {
  const { sandbox, sasl } = await start({ sessionSeconds: 2, brokers: 1 })
  const producer = producerOf(sandbox, sasl)
  const sent: string[] = []
  await vi.waitUntil(
    async () => {
      sent.push(`tea ${sent.length}`)
      await producer.send({ messages: [{ ...tea, value: sent.at(-1) ?? '' }] })
      return reauthentications(sandbox).length >= 2
    },
    { timeout: 10_000 },
  )
  expect(values(sandbox)).toEqual(sent)
})

test("a refused token is the client's own error, with the broker's words in it", async () => {
  const { sandbox, sasl } = await start({}, { secretAccessKey: 'another' })
  const producer = producerOf(sandbox, sasl, { retries: 0 })
  const errors = withCauses(await producer.send({ messages: [tea] }).catch((caught) => caught))
  expect(errors.filter((error) => error instanceof AuthenticationError)).toHaveLength(2) // one for each broker
  expect(errors).toContainEqual(
    expect.objectContaining({
      apiId: 'SASL_AUTHENTICATION_FAILED',
      serverErrorMessage: expect.stringMatching(/^\[[0-9a-f-]{36}\]: Invalid authentication payload$/),
    }),
  )
  expect(values(sandbox)).toEqual([])
})

test('after one refusal it connects by itself', async () => {
  const { sandbox, sasl } = await start({ brokers: 1 })
  sandbox.faults.add({ refuse: 'Too many connects', times: 1 })
  await producerOf(sandbox, sasl).send({ messages: [tea] })
  expect(outcomes(sandbox)).toEqual(['sandbox: Too many connects', 'sandbox: accepted'])
  expect(values(sandbox)).toEqual(['tea'])
})

test('its admin client lists topics, and says of what the sandbox does not do that it is unsupported', async () => {
  const { sandbox, sasl } = await start()
  const admin = new Admin({ ...clientOptions(sandbox, sasl), retries: 0 })
  onTestFinished(() => admin.close())
  await expect(admin.listTopics()).resolves.toEqual(['orders'])
  const error = await admin.createTopics({ topics: ['audit'] }).catch((caught) => caught)
  expect(error.findBy('code', 'PLT_KFK_UNSUPPORTED_API').message).toBe('Unsupported API CreateTopics.')
  // The client reads what ApiVersions says, and does not ask.
  expect(sandbox.unsupported).toEqual([])
})

test('without a token ours is the cause of its error', async () => {
  const { sandbox, sasl } = await start()
  sasl.close()
  const producer = producerOf(sandbox, sasl, { retries: 0 })
  const errors = withCauses(await producer.send({ messages: [tea] }).catch((caught) => caught))
  expect(errors).toContainEqual(
    expect.objectContaining({ name: 'MskIamTokenError', code: 'provider_closed' }),
  )
  expect(sandbox.authentications).toEqual([])
})
