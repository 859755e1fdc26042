import { KafkaJSError, KafkaJSNumberOfRetriesExceeded } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ConsumerOptions, instrumentConsumer } from '../../src/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { fakeConsumer, message } from './support/fake-consumer.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

/** A member of a group, with these partitions. */
async function member(groupId: string, memberAssignment = { orders: [0, 1] }, options?: ConsumerOptions) {
  const fake = fakeConsumer()
  let failure: Error | undefined
  const consumer = instrumentConsumer(fake.consumer, options)
  await consumer.run({
    eachMessage: async () => {
      if (failure) throw failure
    },
  })
  fake.emit('GROUP_JOIN', { groupId, memberId: 'one', memberAssignment })
  return {
    ...fake,
    fetched: (partition: number, highWatermark: number, firstOffset: number | null) =>
      fake.emit('START_BATCH_PROCESS', {
        topic: 'orders',
        partition,
        highWatermark: `${highWatermark}`,
        ...(firstOffset === null ? {} : { firstOffset: `${firstOffset}` }),
      }),
    ended: (partition: number, lastOffset: number) =>
      fake.emit('END_BATCH_PROCESS', { topic: 'orders', partition, lastOffset: `${lastOffset}` }),
    handle: (offset: number, partition = 0) => fake.deliver('orders', message(offset), partition),
    /** What the handler throws from now on, as kafkajs wraps it in the end. */
    failWith: (error: Error) => {
      failure = error
    },
  }
}

describe('messages behind', () => {
  const behind = async (group: string) =>
    (
      await telemetry.points('msk_iam.consumer.messages_behind', { 'messaging.consumer.group.name': group })
    ).map(({ attributes, value }) => [
      attributes['messaging.destination.name'],
      ...(attributes['messaging.destination.partition.id'] === undefined
        ? []
        : [attributes['messaging.destination.partition.id']]),
      value,
    ])

  test('are what the fetch has shown, summed over the partitions of a topic', async () => {
    const { fetched } = await member('sum')
    expect(await behind('sum')).toEqual([])
    fetched(0, 100, 0)
    fetched(1, 20, 15)
    expect(await behind('sum')).toEqual([['orders', 105]])
  })

  test('fall with each message that is handled, and with the end of a batch', async () => {
    const { fetched, handle, ended } = await member('fall')
    fetched(0, 100, 40)
    await handle(40)
    await handle(41)
    expect(await behind('fall')).toEqual([['orders', 58]])
    // What is left of the batch were markers of transactions.
    ended(0, 99)
    expect(await behind('fall')).toEqual([['orders', 0]])
  })

  test('do not fall with a message whose handler failed', async () => {
    const { fetched, handle, failWith } = await member('stay')
    fetched(0, 100, 40)
    failWith(new Error('no'))
    await expect(handle(40)).rejects.toThrow('no')
    expect(await behind('stay')).toEqual([['orders', 60]])
  })

  test('are one series for each partition with `behindByPartition`', async () => {
    const { fetched, emit } = await member('split', undefined, { behindByPartition: true })
    fetched(0, 100, 90)
    fetched(1, 20, 15)
    expect(await behind('split')).toEqual([
      ['orders', '0', 10],
      ['orders', '1', 5],
    ])
    emit('GROUP_JOIN', { groupId: 'split', memberAssignment: { orders: [1] } })
    expect(await behind('split')).toEqual([
      ['orders', '0', 0],
      ['orders', '1', 5],
    ])
  })

  test('of two members in one process are added up, since they share the series', async () => {
    const [one, two] = [await member('two', { orders: [0] }), await member('two', { orders: [1] })]
    one.fetched(0, 10, 0)
    two.fetched(1, 7, 0)
    expect(await behind('two')).toEqual([['orders', 17]])
  })

  test('leave with a partition that goes to another member', async () => {
    const { fetched, emit } = await member('revoked')
    fetched(0, 10, 0)
    fetched(1, 7, 0)
    expect(await behind('revoked')).toEqual([['orders', 17]])
    emit('GROUP_JOIN', { groupId: 'revoked', memberAssignment: { orders: [1] } })
    expect(await behind('revoked')).toEqual([['orders', 7]])
    // A batch of it that was already fetched.
    fetched(0, 10, 3)
    expect(await behind('revoked')).toEqual([['orders', 7]])
  })

  // The SDK would export the last value for ever.
  test.each(['STOP', 'DISCONNECT'] as const)('are 0 after %s', async (event) => {
    const { fetched, emit } = await member(`gone-${event}`)
    fetched(0, 10, 0)
    expect(await behind(`gone-${event}`)).toEqual([['orders', 10]])
    emit(event, undefined)
    expect(await behind(`gone-${event}`)).toEqual([['orders', 0]])
  })

  test('are never a number that is none', async () => {
    const { fetched, emit } = await member('nan')
    emit('START_BATCH_PROCESS', { topic: 'orders', partition: 0 })
    emit('START_BATCH_PROCESS', { topic: 'orders', partition: 1, highWatermark: 'x', firstOffset: '1' })
    expect(await behind('nan')).toEqual([])
    // A batch with nothing but what was filtered out.
    fetched(0, 10, null)
    expect(await behind('nan')).toEqual([['orders', 0]])
  })
})

describe('re-balances', () => {
  const rebalances = async (group: string) =>
    Object.fromEntries(
      (await telemetry.points('msk_iam.consumer.rebalances', { 'messaging.consumer.group.name': group })).map(
        ({ attributes, value }) => [attributes['msk_iam.rebalance.reason'], value],
      ),
    )
  const join = (groupId: string, memberId = 'one') => ({ groupId, memberId, memberAssignment: {} })

  test('are not the first join', async () => {
    await member('first')
    expect(await rebalances('first')).toEqual({})
  })

  test('are told with their reason', async () => {
    const { emit } = await member('why')
    emit('GROUP_JOIN', join('why'))
    emit('GROUP_JOIN', join('why'))
    // The broker had forgotten the member: it is another one now.
    emit('GROUP_JOIN', join('why', 'two'))
    expect(await rebalances('why')).toEqual({ group_changed: 2, membership_lost: 1 })
  })

  test('are not the join after a stop', async () => {
    const { emit } = await member('again')
    emit('STOP', undefined)
    emit('GROUP_JOIN', join('again', 'two'))
    expect(await rebalances('again')).toEqual({})
  })
})

describe('a crash', () => {
  class OrderRejected extends Error {}
  /** As kafkajs wraps it after the last retry. */
  const wrapped = (error: Error) =>
    Object.assign(new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 1 }), {
      cause: error.cause ?? error,
    })
  const crashes = async (group: string) =>
    (await telemetry.points('msk_iam.consumer.crashes', { 'messaging.consumer.group.name': group })).map(
      ({ attributes, value }) => [attributes['error.type'], attributes['msk_iam.consumer.restarts'], value],
    )

  test("because of the handler has the name of the error's class, and nothing of its text", async () => {
    const { handle, failWith, emit } = await member('handler')
    const error = new OrderRejected('card 4111111111111111')
    failWith(error)
    await expect(handle(1)).rejects.toBe(error)
    emit('CRASH', { error: wrapped(error), groupId: 'handler', restart: true })
    expect(await crashes('handler')).toEqual([['OrderRejected', true, 1]])
    expect(Object.keys(error)).toEqual([])
    expect(await telemetry.dump()).not.toContain('4111111111111111')
  })

  test("because of the handler is not taken for the cause that kafkajs keeps instead of the handler's error", async () => {
    const { handle, failWith, emit } = await member('cause')
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = new OrderRejected('no', { cause })
    failWith(error)
    await expect(handle(1)).rejects.toBe(error)
    emit('CRASH', { error: wrapped(error), groupId: 'cause', restart: true })
    expect(await crashes('cause')).toEqual([['OrderRejected', true, 1]])
  })

  test('because of a broker has the code of the catalogue, also on the error itself, and is a log record', async () => {
    const { emit, fetched } = await member('refused')
    fetched(0, 10, 0)
    const error = new KafkaJSError(
      'SASL OAUTHBEARER authentication failed: [c53e94bf-08fb-4ae5-a6fb-5c3b30e4a3a1]: Access denied',
    )
    emit('CRASH', { error, groupId: 'refused', restart: false })
    expect(await crashes('refused')).toEqual([['access_denied', false, 1]])
    expect(error).toMatchObject({ failure: { code: 'access_denied', hint: expect.stringMatching(/./) } })
    const [record] = telemetry.logs()
    expect(record).toMatchObject({ eventName: 'msk_iam.consumer.crashed', severityText: 'ERROR' })
    expect(record?.attributes).toEqual({
      'messaging.consumer.group.name': 'refused',
      'msk_iam.consumer.restarts': false,
      'error.type': 'access_denied',
      'msk_iam.failure.hint': expect.stringMatching(/./),
      'msk_iam.broker.request_id': 'c53e94bf-08fb-4ae5-a6fb-5c3b30e4a3a1',
    })
    expect(
      await telemetry.points('msk_iam.consumer.messages_behind', {
        'messaging.consumer.group.name': 'refused',
      }),
    ).toEqual([])
  })
})

describe('commits', () => {
  const commits = async (group: string) =>
    (await telemetry.points('msk_iam.consumer.commits', { 'messaging.consumer.group.name': group })).map(
      ({ attributes, value }) => [attributes['error.type'], value],
    )
  const answered = { clientId: 'billing-service', apiName: 'OffsetCommit' }
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  test('are counted as kafkajs tells of them, its own included', async () => {
    const { emit } = await member('committed')
    for (const _ of [1, 2]) {
      emit('REQUEST', answered)
      await Promise.resolve()
      emit('COMMIT_OFFSETS', { groupId: 'committed' })
      await turn()
    }
    emit('REQUEST', { clientId: 'billing-service', apiName: 'Fetch' })
    await turn()
    expect(await commits('committed')).toEqual([[undefined, 2]])
  })

  test('of which it says no more were refused', async () => {
    const { emit } = await member('refusing')
    emit('REQUEST', answered)
    emit('REQUEST', answered)
    emit('COMMIT_OFFSETS', { groupId: 'refusing' })
    await turn()
    expect(await commits('refusing')).toEqual([
      [undefined, 1],
      ['_OTHER', 1],
    ])
  })
})

describe('commitOffsets', () => {
  const offsets = (...topics: string[]) => topics.map((topic) => ({ topic, partition: 0, offset: '7' }))

  test('is a span and a duration', async () => {
    const fake = fakeConsumer()
    const consumer = instrumentConsumer(fake.consumer)
    fake.emit('REQUEST', { clientId: 'billing-service' })
    fake.emit('GROUP_JOIN', { groupId: 'commits', memberAssignment: {} })
    await consumer.commitOffsets(offsets('orders', 'orders'))
    const series = {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.consumer.group.name': 'commits',
      'messaging.destination.name': 'orders',
    }
    expect(telemetry.spans()).toMatchObject([{ name: 'commit orders', kind: 2, status: { code: 0 } }])
    expect(telemetry.spans()[0]?.attributes).toEqual({ ...series, 'messaging.client.id': 'billing-service' })
    const [duration] = await telemetry.points('messaging.client.operation.duration', {
      'messaging.consumer.group.name': 'commits',
    })
    expect(duration).toMatchObject({ attributes: series, value: { count: 1 } })
  })

  test('of several topics, or of none, names none', async () => {
    const consumer = instrumentConsumer(fakeConsumer().consumer)
    await consumer.commitOffsets(offsets('orders', 'refunds'))
    await consumer.commitOffsets([])
    await consumer.commitOffsets(undefined as never)
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['commit', 'commit', 'commit'])
  })

  test('that is refused rejects with the very error, with code and hint beside it', async () => {
    const error = Object.assign(new Error('no'), { name: 'KafkaJSProtocolError', type: 'ILLEGAL_GENERATION' })
    const consumer = instrumentConsumer(fakeConsumer(() => Promise.reject(error)).consumer)
    await expect(consumer.commitOffsets(offsets('illegal'))).rejects.toBe(error)
    expect(error).toMatchObject({ failure: { code: 'ILLEGAL_GENERATION' } })
    const attributes = { 'messaging.destination.name': 'illegal', 'error.type': 'ILLEGAL_GENERATION' }
    expect(telemetry.spans()[0]).toMatchObject({ attributes, status: { code: 2 } })
    expect(await telemetry.value('messaging.client.operation.duration', attributes)).toMatchObject({
      count: 1,
    })
  })
})
