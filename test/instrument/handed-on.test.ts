import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { instrumentProducer, instrumentPublisher } from '../../src/index.ts'
import { deepFreeze } from '../support/deep-freeze.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

interface Sent {
  topic: string
  value?: string
  payload?: string
  headers?: Record<string, string>
}

/** Answers each message of a list with one result, and throws for nothing. */
function fakePublisher() {
  const lists: unknown[][] = []
  return {
    lists,
    async publish(messages: (Sent | null | undefined)[], ..._more: unknown[]) {
      lists.push(messages)
      return Array.from(messages, (message, index) => {
        try {
          return { recordId: `${index}`, ok: message?.topic === 'orders' }
        } catch {
          return { recordId: `${index}`, ok: false }
        }
      })
    },
  }
}

const throwing = Object.defineProperty({} as Sent, 'topic', {
  enumerable: true,
  get: () => {
    throw new RangeError('no topic')
  },
})

describe('with an SDK', () => {
  let telemetry: Telemetry
  beforeAll(() => {
    telemetry = startTelemetry()
  })
  afterEach(() => telemetry.clear())
  afterAll(() => telemetry.stop())

  const traceparent = expect.stringMatching(/^00-/)

  test.each<[string, Sent | null | undefined]>([
    ['null', null],
    ['undefined', undefined],
    ['text', 'tea' as never],
    ['without a topic', { value: 'x' } as never],
    ['with a topic that throws', throwing],
  ])('a list in which one is %s has one true result each, and the others are observed', async (_, odd) => {
    const fake = fakePublisher()
    const results = await instrumentPublisher(fake).publish([
      { topic: 'orders', value: 'a' },
      odd,
      { topic: 'orders', value: 'b' },
    ])
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(fake.lists[0]?.[1]).toBe(odd)
    expect([fake.lists[0]?.[0], fake.lists[0]?.[2]]).toEqual([
      { topic: 'orders', value: 'a', headers: { traceparent } },
      { topic: 'orders', value: 'b', headers: { traceparent } },
    ])
    expect(telemetry.spans().map(({ name, status }) => [name, status.code])).toEqual([['send orders', 0]])
  })

  test('a hole in a list stays one', async () => {
    const fake = fakePublisher()
    const list = Object.assign(new Array<Sent>(2), { 1: { topic: 'orders', value: 'a' } })
    expect((await instrumentPublisher(fake).publish(list)).map(({ ok }) => ok)).toEqual([false, true])
    expect([0 in (fake.lists[0] ?? []), fake.lists[0]?.length]).toEqual([false, 2])
  })

  test('messages without a value carry the context to a publisher that has another name for it', async () => {
    const fake = fakePublisher()
    await instrumentPublisher(fake).publish([{ topic: 'orders', payload: 'a' }])
    expect(fake.lists[0]).toEqual([{ topic: 'orders', payload: 'a', headers: { traceparent } }])
  })

  test('messages that are frozen objects of a class, with getters on private fields', async () => {
    class Order {
      readonly #item: string
      constructor(item: string) {
        this.#item = item
      }
      get topic() {
        return 'orders'
      }
      get value() {
        return this.#item
      }
      get headers() {
        return { tenant: 'x' }
      }
    }
    const fake = fakePublisher()
    const orders = [Object.freeze(new Order('tea')), new Order('cake')]
    const results = await instrumentPublisher(fake).publish(orders)
    expect(results.map(({ ok }) => ok)).toEqual([true, true])
    expect((fake.lists[0] as Order[]).map(({ value, headers }) => [value, headers])).toEqual([
      ['tea', { tenant: 'x', traceparent }],
      ['cake', { tenant: 'x', traceparent }],
    ])
    expect((fake.lists[0] as Order[])[0]).toBeInstanceOf(Order)
    expect(orders.map(({ headers }) => headers)).toEqual([{ tenant: 'x' }, { tenant: 'x' }])
  })
})

describe.each([true, false])('with an SDK: %s', (sdk) => {
  test('a client is called at once, so that what its caller changes after the call changes as much as without us', async () => {
    const telemetry = sdk ? startTelemetry() : undefined
    const topics: unknown[] = []
    const send = async ({ topic }: Sent) => void topics.push(topic)
    const producer = instrumentProducer({ connect: async () => undefined, send }, { perMessageSpans: true })
    const record = { topic: 'orders', messages: [{ value: 'a' }] }
    const sending = producer.send(record)
    record.topic = 'changed'
    expect(topics).toEqual(['orders'])
    await sending
    await telemetry?.stop()
  })
})

describe('without an SDK', () => {
  test('a client is handed the very objects, and all arguments', async () => {
    const send = vi.fn(async (..._: unknown[]) => [])
    const sendBatch = vi.fn(async (..._: unknown[]) => [])
    const producer = instrumentProducer({ connect: async () => undefined, send, sendBatch })
    const record = deepFreeze({ topic: 'orders', messages: [{ value: 'a', headers: { tenant: 'x' } }] })
    const batch = deepFreeze({ topicMessages: [record] })
    await producer.send(record, 'more')
    await producer.sendBatch(batch, 'more')
    expect(send.mock.lastCall?.[0]).toBe(record)
    expect(sendBatch.mock.lastCall?.[0]).toBe(batch)
    expect([send.mock.lastCall?.[1], sendBatch.mock.lastCall?.[1]]).toEqual(['more', 'more'])
  })

  test('a publisher is handed the very list', async () => {
    const fake = fakePublisher()
    const list = deepFreeze([
      { topic: 'orders', value: 'a' },
      { topic: 'other', value: 'b' },
    ])
    await instrumentPublisher(fake).publish(list as Sent[])
    expect(fake.lists[0]).toBe(list)
  })
})

describe('a transaction', () => {
  const fakeTransaction = () => {
    const calls: unknown[] = []
    return {
      calls,
      send: async () => [],
      commit: async () => undefined,
      abort: async () => undefined,
      isActive: () => true,
      // As kafkajs, which reads it once.
      sendOffsets: async ({ consumerGroupId, topics }: { consumerGroupId: string; topics: object[] }) => {
        calls.push([consumerGroupId, topics])
      },
    }
  }
  const begun = async () => {
    const given = fakeTransaction()
    const producer = instrumentProducer({
      connect: async () => undefined,
      send: async () => [],
      transaction: async () => given,
    })
    return { given, transaction: await producer.transaction() }
  }

  test('takes offsets of any kind, as kafkajs does', async () => {
    const { given, transaction } = await begun()
    class Offsets {
      readonly #topics = [{ topic: 'orders', partitions: [] }]
      get consumerGroupId() {
        return 'group'
      }
      get topics() {
        return this.#topics.splice(0)
      }
    }
    await transaction.sendOffsets(Object.freeze(new Offsets()))
    expect(given.calls).toEqual([['group', [{ topic: 'orders', partitions: [] }]]])
  })

  test('rejects offsets that it cannot read with the very error', async () => {
    const { transaction } = await begun()
    const error = new RangeError('no topics')
    const unreadable = Object.defineProperty({ consumerGroupId: 'group', topics: [] }, 'topics', {
      get: () => {
        throw error
      },
    })
    await expect(transaction.sendOffsets(unreadable)).rejects.toBe(error)
    await expect(transaction.sendOffsets(undefined as never)).rejects.toThrow(TypeError)
  })

  test('has what kafkajs gives it, and can be replaced method by method', async () => {
    const { given, transaction } = await begun()
    expect(Object.keys(transaction)).toEqual(Object.keys(given))
    expect(transaction.isActive()).toBe(true)
    const spy = vi.spyOn(transaction, 'commit')
    await transaction.commit()
    expect(spy).toHaveBeenCalledTimes(1)
  })
})
