import { ModuleMocker } from 'jest-mock'
import { Kafka, logLevel } from 'kafkajs'
import sinon from 'sinon'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { instrumentConsumer, instrumentKafka, instrumentProducer } from '../../src/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

const jest = new ModuleMocker(globalThis)
const record = { topic: 'orders', messages: [{ value: 'tea' }] }

interface Spied {
  readonly calls: () => unknown[][]
  readonly restore: () => void
}

/** Each spies on a method, which goes on doing what it does. */
const spies: [string, (on: object, method: string) => Spied][] = [
  [
    'vi.spyOn',
    (on, method) => {
      const spy = vi.spyOn(on as Record<string, () => unknown>, method)
      return { calls: () => spy.mock.calls, restore: () => void spy.mockRestore() }
    },
  ],
  [
    'jest.spyOn',
    (on, method) => {
      const spy = jest.spyOn(on as Record<string, () => unknown>, method)
      return { calls: () => spy.mock.calls, restore: () => spy.mockRestore() }
    },
  ],
  [
    'sinon.spy',
    (on, method) => {
      const spy = sinon.spy(on as Record<string, () => unknown>, method)
      return { calls: () => spy.args, restore: () => spy.restore() }
    },
  ],
]

const newKafka = () => new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })

/** As some libraries have it: methods on a class, with what they need in private fields. */
class ClassProducer {
  readonly #sent: unknown[] = []
  async connect() {
    return this
  }
  async send(sent: unknown) {
    this.#sent.push(sent)
    return []
  }
  flush() {
    return this.#sent.length
  }
  get sent() {
    return this.#sent.length
  }
}

describe.each(spies)('%s', (_, spyOn) => {
  test("on `send` of a kafkajs producer sees the caller's record, and the send is one span as before", async () => {
    const given = newKafka().producer()
    const original = given.send
    const producer = instrumentProducer(given)
    const before = producer.send
    const spy = spyOn(producer, 'send')
    await expect(producer.send(record)).rejects.toThrow('The producer is disconnected')
    expect(spy.calls()).toEqual([[record]])
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['send orders'])
    spy.restore()
    expect(producer.send).toBe(before)
    expect(given.send).toBe(original)
  })

  test('on a method that is not instrumented', () => {
    const producer = instrumentProducer(newKafka().producer())
    const spy = spyOn(producer, 'isIdempotent')
    expect(producer.isIdempotent()).toBe(false)
    expect(spy.calls()).toEqual([[]])
    spy.restore()
    const { length } = spy.calls()
    expect(producer.isIdempotent()).toBe(false)
    expect(spy.calls()).toHaveLength(length)
  })

  test.each(['send', 'flush'])('on `%s` of a class with private fields', async (method) => {
    const producer = instrumentProducer(new ClassProducer())
    const spy = spyOn(producer, method)
    await producer.send(record)
    expect(producer.flush()).toBe(1)
    expect(spy.calls()).toHaveLength(1)
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['send orders'])
    spy.restore()
    const { length } = spy.calls()
    await producer.send(record)
    expect([producer.flush(), producer.sent, spy.calls().length]).toEqual([2, 2, length])
    expect(telemetry.spans()).toHaveLength(2)
  })

  test.each(['producer', 'consumer', 'admin'] as const)('on `%s` of a Kafka', (method) => {
    const kafka = instrumentKafka(newKafka())
    const before = kafka[method]
    const spy = spyOn(kafka, method)
    kafka[method]({ groupId: 'tea' })
    expect(spy.calls()).toEqual([[{ groupId: 'tea' }]])
    spy.restore()
    expect(kafka[method]).toBe(before)
  })

  test('on `run` of a consumer', async () => {
    const given: unknown[] = []
    const consumer = instrumentConsumer({
      connect: async () => undefined,
      run: async (config: object) => given.push(config),
    })
    const spy = spyOn(consumer, 'run')
    const config = { eachMessage: async () => undefined }
    await consumer.run(config)
    expect(spy.calls()).toEqual([[config]])
    expect(given).toEqual([{ eachMessage: expect.any(Function) }])
    expect(given[0]).not.toBe(config)
  })

  test('on the object given, before and after: it is called once for each call', async () => {
    const given = newKafka().producer()
    const earlier = spyOn(given, 'sendBatch')
    const producer = instrumentProducer(given)
    const later = spyOn(given, 'send')
    await expect(producer.send(record)).rejects.toThrow('The producer is disconnected')
    await expect(producer.sendBatch({ topicMessages: [record] })).rejects.toThrow(
      'The producer is disconnected',
    )
    expect([earlier.calls().length, later.calls().length]).toEqual([1, 1])
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['send orders', 'send orders'])
  })
})

describe('a method that is replaced by assignment', () => {
  test('is what is called, and may call the one before it', async () => {
    const given = newKafka().producer()
    const { send: original } = given
    const producer = instrumentProducer(given)
    const calls: string[] = []
    for (const name of ['inner', 'outer']) {
      const { send } = producer
      producer.send = (...args) => {
        calls.push(name)
        return send(...args)
      }
    }
    await expect(producer.send(record)).rejects.toThrow('The producer is disconnected')
    expect(calls).toEqual(['outer', 'inner'])
    expect(telemetry.spans()).toHaveLength(1)
    expect(given.send).toBe(original)
  })

  test('of a Kafka stays on the wrapper; once it is deleted, that of the class is back', () => {
    const given = newKafka()
    const kafka = instrumentKafka(given)
    const before = kafka.producer
    const fake = newKafka().producer()
    kafka.producer = () => fake
    expect(kafka.producer()).toBe(fake)
    expect(given.producer()).not.toBe(fake)
    expect(Object.keys(kafka)).toEqual(['producer'])
    expect(delete (kafka as Partial<Kafka>).producer).toBe(true)
    expect(kafka.producer).toBe(before)
  })

  test('on the object given is the one that a later send calls, and a copied method never calls itself', async () => {
    const given = { connect: async () => undefined, send: async (_: typeof record) => ['first'] }
    const producer = instrumentProducer(given)
    given.send = async () => ['second']
    expect(await producer.send(record)).toEqual(['second'])
    given.send = producer.send
    expect(await producer.send(record)).toEqual(['second'])
    expect(await given.send(record)).toEqual(['second'])
    const { send } = producer
    given.send = async (sent) => ['decorated', ...(await send(sent))]
    expect(await given.send(record)).toEqual(['decorated', 'second'])
  })

  test('a test double that is instrumented still answers for what was done with it', async () => {
    const double = { connect: vi.fn(), send: vi.fn(), disconnect: vi.fn() }
    const producer = instrumentProducer(double)
    vi.mocked(producer.send).mockResolvedValue(['sent'])
    expect(await producer.send({ topic: 'orders', messages: [] })).toEqual(['sent'])
    producer.disconnect()
    expect(producer.send).toHaveBeenCalledTimes(1)
    expect(double.disconnect).toHaveBeenCalledTimes(1)
  })
})
