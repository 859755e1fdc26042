/** What the publisher makes of each thing that kafkajs 2.2.4 gets wrong when a send fails, one at a time. */
import { connect, type Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createMskIamSasl, type PublishResult } from '../../../src/index.ts'
import { type Permissions, startSandbox } from '../../../src/testing/index.ts'
import { publishing, valuesIn } from '../support/sandboxed.ts'

const TIMED_OUT = 7
const order = (value: string, more: object = {}) => ({ topic: 'orders', value, recordId: value, ...more })
/** `ok`, or its kind and what is wrong. */
const outcomes = (results: readonly PublishResult[]) =>
  results.map(({ ok, errorKind, error }) =>
    ok ? 'ok' : `${errorKind}: ${(error as { failure?: { code: string } }).failure?.code}`,
  )

describe('an acknowledgement that is lost', () => {
  test('is asked for again: the message is there once, and so is the next one', async () => {
    const { sandbox, publisher } = await publishing()
    sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce', times: 1 })
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['ok'])
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })

  test('for good makes the message retriable, and costs the next one nothing', async () => {
    const { sandbox, publisher } = await publishing({}, { deliveryTimeoutMs: 800 })
    const fault = sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce' })
    const [lost] = await publisher.publish([order('tea')])
    expect(lost).toMatchObject({ recordId: 'tea', ok: false, errorKind: 'retriable' })
    expect(fault.struck).toBeGreaterThan(1)
    fault.remove()
    // kafkajs would give it the sequence number of the first, and the broker would drop it as a repetition.
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })

  test('costs no other publish to the same partition', async () => {
    const { sandbox, publisher } = await publishing()
    sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce', times: 2 })
    const values = ['tea', 'milk', 'sugar', 'lemon']
    const results = await Promise.all(values.map((value) => publisher.publish([order(value)])))
    expect(results.flatMap(outcomes)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(valuesIn(sandbox)).toEqual(values)
  })

  test('is no proof of anything that fails later: denied on the way back, the message is retriable', async () => {
    const { sandbox, publisher } = await publishing()
    await publisher.publish([order('first')])
    sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce', times: 1 })
    sandbox.faults.add({ refuse: 'Access denied', times: 1 })
    // What kafkajs throws is the refusal, though the message is written.
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['retriable: access_denied'])
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['first', 'tea', 'milk'])
  })

  test('is not asked for again without idempotence, where that would be a second message', async () => {
    const { sandbox, publisher } = await publishing({}, { idempotent: false })
    sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce', times: 1 })
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['retriable: connection_closed'])
    expect(valuesIn(sandbox)).toEqual(['tea'])
  })
})

test('a sequence number that the broker has seen before, on the first try, is not that of this message', async () => {
  const { sandbox, publisher } = await publishing()
  const DUPLICATE_SEQUENCE_NUMBER = 46
  const fault = sandbox.faults.add({ on: 'Produce', errorCode: DUPLICATE_SEQUENCE_NUMBER, times: 1 })
  expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['ok'])
  expect(fault.struck).toBe(1)
  expect(valuesIn(sandbox)).toEqual(['tea'])
})

test('what was never sent is told from what may have been: denied before the request, the message is fatal', async () => {
  const { sandbox, publisher } = await publishing({ topics: { orders: 1, others: 1 } })
  sandbox.expireSessions()
  sandbox.faults.add({ refuse: 'Access denied' })
  // A topic that the publisher does not know: it asks for its metadata first.
  const results = await publisher.publish([{ topic: 'others', value: 'tea' }])
  expect(outcomes(results)).toEqual(['fatal: access_denied'])
  expect(valuesIn(sandbox, 'others')).toEqual([])
})

describe('a topic that is denied', () => {
  const may = (permissions: Permissions) => ({
    principal: 'sandbox',
    accessKeyId: 'AKIASANDBOX000000001',
    secretAccessKey: 'not-a-real-secret-of-the-sandbox',
    permissions: {
      'kafka-cluster:Connect': true,
      'kafka-cluster:WriteDataIdempotently': true,
      ...permissions,
    },
  })
  const onlyOrders = may({ 'kafka-cluster:WriteData': ['orders'] })
  const topics = { orders: 1, hidden: 1, gone: 1 }

  test('fails alone, and is published to as soon as it may be', async () => {
    const { sandbox, publisher } = await publishing({ topics, identities: [onlyOrders] })
    const both = [order('tea'), { topic: 'hidden', value: 'spice' }]
    const denied = 'fatal: TOPIC_AUTHORIZATION_FAILED'
    expect(outcomes(await publisher.publish(both))).toEqual(['ok', denied])
    expect(outcomes(await publisher.publish(both))).toEqual(['ok', denied])
    sandbox.identities.add(may({ 'kafka-cluster:WriteData': ['*'] }))
    expect(outcomes(await publisher.publish(both))).toEqual(['ok', 'ok'])
    expect(valuesIn(sandbox, 'hidden')).toEqual(['spice'])
  })

  test('costs no new connections each time it is tried', async () => {
    const { sandbox, publisher } = await publishing({ topics, identities: [onlyOrders] })
    const both = [order('tea'), { topic: 'hidden', value: 'spice' }]
    await publisher.publish(both)
    await publisher.publish([order('tea')])
    const before = sandbox.authentications.length
    for (let again = 0; again < 10; again += 1) {
      expect(outcomes(await publisher.publish(both))).toEqual(['ok', 'fatal: TOPIC_AUTHORIZATION_FAILED'])
    }
    expect(sandbox.authentications).toHaveLength(before)
  })

  test('costs a topic that was published to with it one more publish at most', async () => {
    const identities = [may({ 'kafka-cluster:WriteData': ['*'] })]
    const { sandbox, publisher } = await publishing({ brokers: 2, topics, identities })
    await publisher.publish([order('first'), { topic: 'gone', value: 'first' }])
    sandbox.identities.add(onlyOrders)
    // Makes kafkajs ask for all of its topics again; one that it may not see any more fails them all.
    sandbox.moveLeader('orders', 0, 1)
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual([
      'retriable: TOPIC_AUTHORIZATION_FAILED',
    ])
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['first', 'milk'])
  })
})

describe('a broker that hangs', () => {
  const impatient = { deliveryTimeoutMs: 800 }

  test('is waited for until the deadline; the next publish works', async () => {
    const { sandbox, publisher } = await publishing({}, impatient)
    sandbox.faults.add({ connection: 'hang', on: 'Produce', times: 1 })
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['retriable: delivery_timeout'])
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['milk'])
  })

  test('says what it met before, when time runs out', async () => {
    const { sandbox, publisher } = await publishing({}, impatient)
    await publisher.publish([order('tea')])
    sandbox.faults.add({ errorCode: TIMED_OUT, on: 'Produce', times: 1 })
    sandbox.faults.add({ connection: 'hang', on: 'Produce' })
    const [late] = await publisher.publish([order('milk')])
    expect(late).toMatchObject({ errorKind: 'retriable', error: { failure: { code: 'delivery_timeout' } } })
    expect(late?.error?.message).toContain('REQUEST_TIMED_OUT')
  })

  test('while it is asked for metadata: another connection is tried', async () => {
    const { sandbox, publisher } = await publishing({}, { requestTimeoutMs: 200 })
    const fault = sandbox.faults.add({ connection: 'hang', on: 'Metadata', times: 1 })
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['ok'])
    expect(fault.struck).toBe(1)
  })

  test('while a new producer connects: the publish after that does not wait for it', async () => {
    const { sandbox, publisher } = await publishing({}, impatient)
    sandbox.faults.add({ connection: 'hang', on: 'Produce', times: 1 })
    await publisher.publish([order('tea')])
    const connecting = sandbox.faults.add({ connection: 'hang', on: 'InitProducerId', times: 1 })
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['retriable: delivery_timeout'])
    expect(connecting.struck).toBe(1)
    expect(outcomes(await publisher.publish([order('sugar')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['sugar'])
  })
})

describe('a connection that breaks in the middle of an answer', () => {
  test.each([
    ['Produce', 2],
    ['Metadata', 1],
  ])('to %s costs nothing, now or later', async (on, times) => {
    const { sandbox, publisher } = await publishing({ topics: { orders: 1, others: 1 } })
    const fault = sandbox.faults.add({ connection: 'reset', afterBytes: 6, on, times })
    // kafkajs would read the rest of the broken answer into the first one of the next connection.
    for (const value of ['tea', 'milk', 'sugar'])
      expect(outcomes(await publisher.publish([order(value)]))).toEqual(['ok'])
    expect(fault.struck).toBe(times)
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk', 'sugar'])
  })
})

describe('what a cluster does every day', () => {
  test('a session that ends costs nothing', async () => {
    const { sandbox, publisher } = await publishing()
    await publisher.publish([order('tea')])
    expect(sandbox.expireSessions()).toBeGreaterThan(0)
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })

  test('a partition that gets another leader costs nothing', async () => {
    const { sandbox, publisher } = await publishing({ brokers: 2 })
    await publisher.publish([order('tea')])
    for (const [broker, value] of [
      [1, 'milk'],
      [0, 'sugar'],
    ] as const) {
      sandbox.moveLeader('orders', 0, broker)
      expect(outcomes(await publisher.publish([order(value)]))).toEqual(['ok'])
    }
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk', 'sugar'])
  })

  test.each([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
    ['INVALID_PRODUCER_EPOCH', 47],
    ['UNKNOWN_PRODUCER_ID', 59],
  ])('a broker that forgot the producer (%s) gets another one', async (_, errorCode) => {
    const { sandbox, publisher } = await publishing()
    await publisher.publish([order('tea')])
    sandbox.faults.add({ errorCode, on: 'Produce', times: 1 })
    expect(outcomes(await publisher.publish([order('milk')]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })
})

describe('a batch', () => {
  test('that is too large is cut until the broker takes it', async () => {
    const { sandbox, publisher } = await publishing()
    const fault = sandbox.faults.add({ errorCode: 10, on: 'Produce', times: 2 })
    const values = ['1', '2', '3', '4', '5']
    const results = await publisher.publish(values.map((value) => order(value)))
    expect(results.map(({ offset }) => offset)).toEqual(['0', '1', '2', '3', '4'])
    expect(fault.struck).toBe(2)
    expect(valuesIn(sandbox)).toEqual(values)
  })

  test('with one message that no broker would take loses only that', async () => {
    const { sandbox, publisher } = await publishing()
    const large = order('x'.repeat(1_100_000), { recordId: 'large' })
    const results = await publisher.publish([order('tea'), large, order('milk')])
    expect(outcomes(results)).toEqual(['ok', 'poison: MESSAGE_TOO_LARGE', 'ok'])
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })

  test('that failed holds back what was to come after it', async () => {
    const { sandbox, publisher } = await publishing({}, { deliveryTimeoutMs: 300 })
    // More than go out together.
    const messages = Array.from({ length: 501 }, (_, index) => order(`${index}`, { key: 'one' }))
    sandbox.faults.add({ errorCode: TIMED_OUT, on: 'Produce' })
    const results = await publisher.publish(messages)
    expect(new Set(results.map(({ errorKind }) => errorKind))).toEqual(new Set(['retriable']))
    expect(outcomes(results.slice(500))).toEqual(['retriable: earlier_message_failed'])
    expect(valuesIn(sandbox)).toEqual([])
  })
})

describe('a message that cannot be', () => {
  test.each([
    ['a topic with spaces', { topic: 'my orders' }],
    ['a topic without end', { topic: 'o'.repeat(40_000) }],
    ['a timestamp beyond numbers', { timestamp: 1e300 }],
  ])('for %s is poison, and costs the others nothing', async (_, wrong) => {
    const { sandbox, publisher } = await publishing()
    for (const value of ['tea', 'milk']) {
      const results = await publisher.publish([order('bad', wrong), order(value)])
      expect(outcomes(results)).toEqual(['poison: message_invalid', 'ok'])
    }
    expect(valuesIn(sandbox)).toEqual(['tea', 'milk'])
  })

  test('placed, since the partitioner throws, is poison', async () => {
    const partitioner = () => () => {
      throw new Error('no partition for you')
    }
    const { sandbox, publisher } = await publishing({}, { partitioner })
    expect(outcomes(await publisher.publish([order('tea')]))).toEqual(['poison: message_invalid'])
    expect(outcomes(await publisher.publish([order('milk', { partition: 0 })]))).toEqual(['ok'])
    expect(valuesIn(sandbox)).toEqual(['milk'])
  })
})

/** The publisher rests on it: with more than one try, an error would tell of the last one only. */
test('kafkajs, with NaN retries, tries exactly once; an idempotent producer does not take 0', async () => {
  await using sandbox = await startSandbox({ topics: { orders: 1 } })
  const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })
  onTestFinished(() => sasl.close())
  const kafka = new Kafka({ brokers: sandbox.brokers, sasl, logLevel: logLevel.NOTHING })
  expect(() => kafka.producer({ idempotent: true, retry: { retries: 0 } })).toThrow(/retries/)
  const producer = kafka.producer({ idempotent: true, retry: { retries: Number.NaN } })
  await producer.connect()
  const fault = sandbox.faults.add({ errorCode: TIMED_OUT, on: 'Produce' })
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })).rejects.toThrow('timed out')
  expect(fault.struck).toBe(1)
  await producer.disconnect()
})

describe('disconnecting', () => {
  /** Every socket that was opened. */
  const counting = () => {
    const sockets: Socket[] = []
    const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect(): void }) => {
      const socket = connect({ host, port }, onConnect)
      sockets.push(socket)
      return socket
    }
    return { sockets, socketFactory }
  }

  test('finishes what is under way first', async () => {
    const { sandbox, publisher } = await publishing()
    sandbox.faults.add({ connection: 'loseAcknowledgement', on: 'Produce', times: 1 })
    const values = ['tea', 'milk', 'sugar']
    const results = Promise.all(values.map((value) => publisher.publish([order(value)])))
    await publisher.disconnect()
    expect((await results).flatMap(outcomes)).toEqual(['ok', 'ok', 'ok'])
    expect(valuesIn(sandbox)).toEqual(values)
    await expect(publisher.publish([order('late')])).rejects.toMatchObject({
      code: 'publisher_not_connected',
    })
  })

  test('leaves no connection behind, not even one on which a broker hangs', async () => {
    const { sockets, socketFactory } = counting()
    const { sandbox, publisher } = await publishing({}, { deliveryTimeoutMs: 500, socketFactory })
    sandbox.faults.add({ connection: 'hang', on: 'Produce' })
    await publisher.publish([order('tea')])
    await publisher.disconnect()
    await vi.waitUntil(() => sockets.every(({ destroyed }) => destroyed), { timeout: 3_000 })
    const opened = sockets.length
    // kafkajs would try to connect again for the send that it has not given up.
    await expect(publisher.publish([order('late')])).rejects.toThrow()
    expect(sockets).toHaveLength(opened)
  })
})
