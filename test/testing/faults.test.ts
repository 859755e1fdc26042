/** What kafkajs and the sandbox see of each fault. */
import type { KafkaConfig } from 'kafkajs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Fault, type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { service, tea } from './service.ts'

const ONE_TRY: Partial<KafkaConfig> = { retry: { retries: 0 }, requestTimeout: 200 }

/** `ok`, or the name of what is wrong and kafkajs's own error. */
const outcomeOf = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'ok',
    (error) => `${error.failure?.code}, ${(error.cause ?? error).name}`,
  )

async function connected(sandbox: Sandbox, config: Partial<KafkaConfig> = ONE_TRY): Promise<string> {
  const admin = service(sandbox, {}, config).kafka.admin()
  const outcome = await outcomeOf(admin.connect())
  await admin.disconnect()
  return outcome
}

const outcomes = ({ authentications }: Sandbox) => authentications.map(({ outcome }) => outcome)

describe('a fault of one authentication', () => {
  test.each<[Fault, string, string]>([
    [{ refuse: 'Access denied' }, 'access_denied, KafkaJSProtocolError', 'Access denied'],
    [
      { refuse: 'Invalid authentication payload' },
      'invalid_signature, KafkaJSProtocolError',
      'Invalid authentication payload',
    ],
    [{ refuse: 'Session too short' }, 'session_too_short, KafkaJSProtocolError', 'Session too short'],
    [{ refuse: 'Too many connects' }, 'too_many_connects, KafkaJSProtocolError', 'Too many connects'],
    [{ delayMs: 400 }, 'authentication_timeout, KafkaJSRequestTimeoutError', 'accepted'],
    [{ connection: 'hang' }, 'authentication_timeout, KafkaJSRequestTimeoutError', 'hang'],
    [{ connection: 'close' }, 'connection_closed, KafkaJSConnectionClosedError', 'close'],
    [{ connection: 'reset' }, 'connection_closed, KafkaJSConnectionError', 'reset'],
    [{ connection: 'hang', afterBytes: 6 }, 'authentication_timeout, KafkaJSRequestTimeoutError', 'hang'],
    [{ connection: 'close', afterBytes: 6 }, 'connection_closed, KafkaJSConnectionClosedError', 'close'],
    [{ connection: 'reset', afterBytes: 6 }, 'connection_closed, KafkaJSConnectionError', 'reset'],
    [
      { connection: 'loseAcknowledgement' },
      'connection_closed, KafkaJSConnectionClosedError',
      'loseAcknowledgement',
    ],
  ])('%j: kafkajs sees %s', async (effect, seen, recorded) => {
    await using sandbox = await startSandbox()
    const fault = sandbox.faults.add({ ...effect, times: 1 })
    expect(await connected(sandbox)).toBe(seen)
    await vi.waitUntil(() => sandbox.authentications.length === 1, { timeout: 3_000 })
    expect(await connected(sandbox, {})).toBe('ok')
    expect(outcomes(sandbox)).toEqual([recorded, 'accepted'])
    expect(sandbox.authentications[0]?.principal).toBe('sandbox')
    expect(fault.struck).toBe(1)
  })
})

describe('a fault of authentications', () => {
  test('throttles them, at each broker by itself', async () => {
    await using sandbox = await startSandbox({ brokers: 2 })
    // A clock that stands: all of this is one second.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const fault = sandbox.faults.add({ throttle: 2, broker: 0 })
    const one = (broker: number) => ({ ...ONE_TRY, brokers: [sandbox.brokers[broker] ?? ''] })
    for (const broker of [0, 0, 0, 1, 1, 1]) await connected(sandbox, one(broker))
    expect(sandbox.authentications.map(({ broker, outcome }) => `${broker} ${outcome}`)).toEqual([
      ...['0 accepted', '0 accepted', '0 Too many connects'],
      ...['1 accepted', '1 accepted', '1 accepted'],
    ])
    expect(fault.struck).toBe(1)
    vi.setSystemTime(Date.now() + 1_000)
    expect(await connected(sandbox, one(0))).toBe('ok')
  })

  test('strikes one principal and not another, until it is removed', async () => {
    const identities = ['orders', 'audit'].map((principal) => ({
      principal,
      accessKeyId: `AKIASANDBOX${principal.toUpperCase().padEnd(9, '0')}`,
      secretAccessKey: `not-a-real-secret-of-${principal}`,
    }))
    await using sandbox = await startSandbox({ identities })
    const fault = sandbox.faults.add({ refuse: 'Access denied', principal: 'orders' })
    const [orders, audit] = identities.map((credentials) => service(sandbox, { credentials }).kafka)
    await audit?.admin().connect()
    await expect(orders?.admin().connect()).rejects.toMatchObject({ failure: { code: 'access_denied' } })
    fault.remove()
    await orders?.admin().connect()
    expect(sandbox.authentications.map(({ principal, outcome }) => `${principal} ${outcome}`)).toEqual([
      'audit accepted',
      'orders Access denied',
      'orders accepted',
    ])
  })
})

describe('a session that ends early', () => {
  /** A connected producer that has sent once. */
  async function started(sandbox: Sandbox) {
    const producer = service(sandbox).kafka.producer()
    await producer.connect()
    await producer.send(tea)
    return producer
  }

  test('by a fault: the connection is closed at its next request, and kafkajs connects anew', async () => {
    await using sandbox = await startSandbox({ topics: { orders: 1 } })
    const fault = sandbox.faults.add({ expireAfterMs: 300, times: 1 })
    const producer = await started(sandbox)
    const begun = performance.now()
    await vi.waitUntil(() => performance.now() - begun > 310)
    await producer.send(tea)
    await producer.disconnect()
    expect(sandbox.authentications).toMatchObject([
      { connection: 1, kind: 'initial', outcome: 'accepted' },
      { connection: 2, kind: 'initial', outcome: 'accepted' },
    ])
    expect(sandbox.messages('orders')).toHaveLength(2)
    expect(fault.struck).toBe(1)
  })

  test('on command, for the connections of one broker, of one principal, or for all', async () => {
    await using sandbox = await startSandbox({ brokers: 2, topics: { orders: 2 } })
    const producer = service(sandbox).kafka.producer()
    await producer.connect()
    const both = { topic: 'orders', messages: [0, 1].map((partition) => ({ value: 'tea', partition })) }
    await producer.send(both)
    expect(sandbox.expireSessions({ principal: 'somebody-else' })).toBe(0)
    await producer.send(both)
    expect(sandbox.authentications).toHaveLength(2)
    expect(sandbox.expireSessions({ broker: 1 })).toBe(1)
    await producer.send(both)
    expect(sandbox.authentications.slice(2)).toMatchObject([{ broker: 1, kind: 'initial' }])
    expect(sandbox.expireSessions({ principal: 'sandbox' })).toBe(2)
    await producer.send(both)
    expect(
      sandbox.authentications
        .slice(3)
        .map(({ broker }) => broker)
        .sort(),
    ).toEqual([0, 1])
    await producer.disconnect()
    expect(sandbox.messages('orders')).toHaveLength(8)
    expect(() => sandbox.expireSessions({ broker: 2 })).toThrow(
      'expireSessions: `broker` is 2. It takes a whole number from 0 to 1',
    )
  })
})

describe('a fault of one Produce', () => {
  test.each<[Fault, string, number]>([
    [{ delayMs: 400 }, 'request_timeout, KafkaJSRequestTimeoutError', 2],
    [{ errorCode: 6 }, 'NOT_LEADER_FOR_PARTITION, KafkaJSProtocolError', 1],
    [{ errorCode: 29 }, 'TOPIC_AUTHORIZATION_FAILED, KafkaJSProtocolError', 1],
    [{ connection: 'hang' }, 'request_timeout, KafkaJSRequestTimeoutError', 1],
    [{ connection: 'close' }, 'connection_closed, KafkaJSConnectionClosedError', 1],
    [{ connection: 'reset' }, 'connection_closed, KafkaJSConnectionError', 1],
    [{ connection: 'hang', afterBytes: 6 }, 'request_timeout, KafkaJSRequestTimeoutError', 2],
    [{ connection: 'close', afterBytes: 6 }, 'connection_closed, KafkaJSConnectionClosedError', 2],
    [{ connection: 'loseAcknowledgement' }, 'connection_closed, KafkaJSConnectionClosedError', 2],
  ])('%j: kafkajs sees %s, of 2 messages %i are there', async (effect, seen, written) => {
    await using sandbox = await startSandbox({ topics: { orders: 1 } })
    const producer = service(sandbox, {}, ONE_TRY).kafka.producer()
    await producer.connect()
    const fault = sandbox.faults.add({ ...effect, on: 'Produce', after: 1, times: 1 })
    expect(await outcomeOf(producer.send(tea))).toBe('ok')
    expect(await outcomeOf(producer.send(tea))).toBe(seen)
    expect(sandbox.messages('orders')).toHaveLength(written)
    await producer.disconnect()
    expect(fault.struck).toBe(1)
  })

  test.each<[Fault]>([
    [{ errorCode: 6 }],
    [{ connection: 'close' }],
    [{ connection: 'reset' }],
    [{ connection: 'close', afterBytes: 6 }],
    [{ connection: 'loseAcknowledgement' }],
  ])('%j costs an idempotent producer nothing', async (effect) => {
    await using sandbox = await startSandbox({ topics: { orders: 1 } })
    const producer = service(sandbox, {}, { requestTimeout: 200 }).kafka.producer({ idempotent: true })
    await producer.connect()
    const fault = sandbox.faults.add({ ...effect, on: 'Produce', after: 1, times: 1 })
    for (const value of ['one', 'two', 'three']) await producer.send({ ...tea, messages: [{ value }] })
    await producer.disconnect()
    expect(sandbox.messages('orders').map(({ value }) => value?.toString())).toEqual(['one', 'two', 'three'])
    expect(fault.struck).toBe(1)
  })

  test('a leader that moves costs nothing either', async () => {
    await using sandbox = await startSandbox({ brokers: 2, topics: { orders: 1 } })
    const producer = service(sandbox).kafka.producer({ idempotent: true })
    await producer.connect()
    await producer.send(tea)
    sandbox.moveLeader('orders', 0, 1)
    await producer.send(tea)
    await producer.disconnect()
    expect(sandbox.messages('orders').map(({ offset }) => offset)).toEqual([0, 1])
  })
})

// Not Metadata: kafkajs 2.2.4 keeps the piece that came, and takes it for the beginning of the next answer.
test.each(['ApiVersions', 'SaslHandshake'])('kafkajs gets over a reset in the middle of %s', async (on) => {
  await using sandbox = await startSandbox({ tls: true, topics: { orders: 1 } })
  const fault = sandbox.faults.add({ on, connection: 'reset', afterBytes: 9, times: 1 })
  const producer = service(sandbox, {}, { retry: { initialRetryTime: 20 } }).kafka.producer()
  await producer.connect()
  await producer.send(tea)
  await producer.disconnect()
  expect(fault.struck).toBe(1)
  expect(sandbox.messages('orders')).toHaveLength(1)
  expect(outcomes(sandbox)).toEqual(['accepted'])
})
