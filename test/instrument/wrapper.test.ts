import { inspect } from 'node:util'
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { instrumentConsumer, instrumentKafka, instrumentProducer } from '../../src/index.ts'

const newKafka = () => new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })
const newProducer = () => newKafka().producer()
const record = { topic: 'orders', messages: [{ value: 'tea' }] }

/** What it looks like from outside, function by function by its name and length. */
const looks = (client: object) => ({
  keys: Object.keys(client),
  json: JSON.stringify(client),
  inspected: inspect(client),
  prototype: Object.getPrototypeOf(client),
  constructor: client.constructor,
  descriptors: Object.entries(Object.getOwnPropertyDescriptors(client)).map(
    ([key, { value, ...attributes }]) => [
      key,
      typeof value === 'function' ? [typeof value, value.name, value.length] : value,
      attributes,
    ],
  ),
})

describe('an instrumented client looks like the client', () => {
  test('for a producer of kafkajs', () => {
    const given = newProducer()
    expect(looks(instrumentProducer(given))).toEqual(looks(given))
  })

  test('for a Kafka, which is one, also of a subclass', () => {
    class OurKafka extends Kafka {
      readonly #region = 'eu'
      region() {
        return this.#region
      }
      override logger() {
        return super.logger()
      }
    }
    const given = new OurKafka({ brokers: ['localhost:1'] })
    const kafka = instrumentKafka(given)
    expect(kafka).toBeInstanceOf(OurKafka)
    expect(kafka).toBeInstanceOf(Kafka)
    expect([kafka.region(), kafka.logger()]).toEqual(['eu', given.logger()])
    const { descriptors: _, ...ours } = looks(kafka)
    const { descriptors: __, ...theirs } = looks(given)
    expect(ours).toEqual(theirs)
  })

  test('each property is the same at each read, and what is no method is the very value', () => {
    const given = newProducer()
    const producer = instrumentProducer(given)
    for (const key of Object.keys(producer) as (keyof Producer)[]) expect(producer[key]).toBe(producer[key])
    expect(producer.events).toBe(given.events)
  })

  test('a method may be called alone, as those of kafkajs may', async () => {
    const { send, isIdempotent, on, events } = instrumentProducer(newProducer())
    await expect(send(record)).rejects.toThrow('The producer is disconnected')
    expect(isIdempotent()).toBe(false)
    expect(on(events.CONNECT, () => undefined)).toBeTypeOf('function')
  })

  test('a client that others have made lazy is still reached', async () => {
    const lazy = new Proxy({} as Producer, { get: (_, key) => Reflect.get(loaded(), key) })
    const loaded = vi.fn(() => ({
      connect: async () => undefined,
      send: async () => ['sent'],
      flush: () => 3,
    }))
    const producer = instrumentProducer(lazy)
    expect(await producer.send(record)).toEqual(['sent'])
    expect((producer as unknown as { flush(): number }).flush()).toBe(3)
  })

  test('a Kafka double that makes nothing makes nothing', () => {
    const kafka = { producer: vi.fn(), consumer: vi.fn(), admin: vi.fn() }
    expect(instrumentKafka(kafka).producer()).toBeUndefined()
  })
})

describe('an instrumented client is an object of its own', () => {
  test('what is set, defined and deleted on it stays there', () => {
    const given = newProducer()
    const before = { ...given }
    const producer = instrumentProducer(given) as Partial<Producer> & { name?: string; tag?: string }
    producer.name = 'ours'
    Object.defineProperty(producer, 'tag', { value: 'fixed' })
    delete producer.transaction
    expect([producer.name, producer.tag, producer.transaction]).toEqual(['ours', 'fixed', undefined])
    expect(['name', 'tag', 'transaction', 'send'].map((key) => key in producer)).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(Object.getOwnPropertyDescriptor(producer, 'tag')).toEqual({
      value: 'fixed',
      writable: false,
      enumerable: false,
      configurable: false,
    })
    expect(Object.keys(producer)).toEqual([
      ...Object.keys(before).filter((key) => key !== 'transaction'),
      'name',
    ])
    expect({ ...given }).toEqual(before)
  })

  test('what the one given gets and loses later is seen through it, but for what was written', () => {
    const given: Record<string, unknown> = {
      connect: async () => undefined,
      send: async () => [],
      a: 1,
      b: 1,
    }
    const producer = instrumentProducer(given as never) as Record<string, unknown>
    producer['b'] = 2
    Object.assign(given, { a: 3, b: 3, plugin: 3 })
    expect([producer['a'], producer['b'], producer['plugin']]).toEqual([3, 2, 3])
    expect(Object.keys(producer)).toEqual(['connect', 'send', 'a', 'b', 'plugin'])
    delete given['a']
    expect('a' in producer).toBe(false)
    expect(Object.keys(producer)).toEqual(['connect', 'send', 'b', 'plugin'])
  })

  test('of a frozen one, too', async () => {
    const given = Object.freeze({ connect: async () => undefined, send: async () => ['sent'], tags: ['a'] })
    const producer: { send: (sent: typeof record) => Promise<string[]>; tags: string[] } =
      instrumentProducer(given)
    expect(await producer.send(record)).toEqual(['sent'])
    expect(producer.tags).toBe(given.tags)
    producer.send = async () => ['replaced']
    expect(await producer.send(record)).toEqual(['replaced'])
  })

  test.each(['freeze', 'seal', 'preventExtensions'] as const)('Object.%s closes it alone', async (close) => {
    const given = newProducer()
    const producer = instrumentProducer(given)
    ;(Object[close] as (object: object) => void)(producer)
    const { send } = producer
    expect(Reflect.set(producer, 'more', 1)).toBe(false)
    expect(Reflect.set(producer, 'send', () => 1)).toBe(close !== 'freeze')
    expect(Object.isExtensible(given)).toBe(true)
    await expect(send(record)).rejects.toThrow('The producer is disconnected')
    expect(Object.keys(producer)).toEqual(Object.keys(given))
  })

  test('others may inherit from it', async () => {
    const given = newProducer()
    const producer = instrumentProducer(given)
    const child: Producer & { tenant?: string } = Object.create(producer)
    child.tenant = 'ours'
    child.send = async () => []
    expect(await child.send(record)).toEqual([])
    expect(child.isIdempotent()).toBe(false)
    expect([Object.keys(child), 'tenant' in producer, 'tenant' in given]).toEqual([
      ['tenant', 'send'],
      false,
      false,
    ])
    await expect(producer.send(record)).rejects.toThrow('The producer is disconnected')
  })

  test('accessors, and methods named by a symbol, run on the one given', async () => {
    class Client {
      #timeout = 1
      async connect() {}
      async send() {}
      get timeout() {
        return this.#timeout
      }
      set timeout(value) {
        this.#timeout = value
      }
      on() {
        return this
      }
      async [Symbol.asyncDispose]() {
        this.#timeout = 0
      }
      [inspect.custom]() {
        return `Client(${this.#timeout})`
      }
    }
    const given = new Client()
    const client = instrumentProducer(given)
    client.timeout = 5
    expect([client.timeout, given.timeout, inspect(client)]).toEqual([5, 5, 'Client(5)'])
    expect(client.on()).toBe(client)
    const get = vi.spyOn(client, 'timeout', 'get').mockReturnValue(7)
    expect([client.timeout, given.timeout]).toEqual([7, 5])
    get.mockRestore()
    expect(client.timeout).toBe(5)
    await client[Symbol.asyncDispose]()
    expect(given.timeout).toBe(0)
  })
})

const instrument = (client: Producer | Consumer) =>
  'send' in client ? instrumentProducer(client) : instrumentConsumer(client)

describe('instrumenting twice', () => {
  test('the wrapper, a copy of it or what inherits from it is instrumented already', () => {
    const kafka = instrumentKafka(newKafka())
    const producer = kafka.producer()
    for (const again of [producer, { ...producer }, Object.create(producer)])
      expect(instrumentProducer(again)).toBe(again)
    producer.connect = async () => undefined
    expect(instrumentProducer(producer)).toBe(producer)
    expect(instrumentKafka(kafka)).toBe(kafka)
  })

  test('one client anew for each request adds no listener to it', () => {
    const kafka = newKafka()
    for (const client of [kafka.producer(), kafka.consumer({ groupId: 'tea' })]) {
      const on = vi.spyOn(client, 'on')
      instrument(client)
      const listeners = on.mock.calls.length
      expect(listeners).toBeGreaterThan(0)
      for (let request = 0; request < 20; request += 1) instrument(client)
      expect(on).toHaveBeenCalledTimes(listeners)
    }
  })
})

test('a client whose send throws, in place of giving a promise, throws when it is instrumented', () => {
  const error = new Error('no')
  const client = {
    connect: async () => undefined,
    send: (_: typeof record): Promise<void> => {
      throw error
    },
  }
  expect(() => instrumentProducer(client).send(record)).toThrow(error)
})
