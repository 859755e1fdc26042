import { AsyncLocalStorage } from 'node:async_hooks'
import { propagation } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import type { ConsumerRunConfig, EachMessagePayload } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { instrumentConsumer } from '../../src/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { fakeConsumer, message } from './support/fake-consumer.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
beforeEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

/** What kafkajs reads of a configuration, in its order, and the object of its own that it calls a handler on. */
const kafkaRunner = { name: 'runner of kafkajs' }
async function read({
  autoCommit = true,
  autoCommitInterval = null,
  autoCommitThreshold = null,
  eachBatchAutoResolve = true,
  partitionsConsumedConcurrently = 1,
  eachBatch,
  eachMessage,
}: ConsumerRunConfig = {}) {
  return {
    options: [
      autoCommit,
      autoCommitInterval,
      autoCommitThreshold,
      eachBatchAutoResolve,
      partitionsConsumedConcurrently,
    ],
    deliver: (payload: Partial<EachMessagePayload>) =>
      Reflect.apply(eachMessage as () => unknown, kafkaRunner, [payload]),
    handlers: [typeof eachBatch, typeof eachMessage],
  }
}

const payload = { topic: 'orders', partition: 0, message: message(1) }
const consumer = () => instrumentConsumer({ connect: async () => undefined, run: read })

const handled: unknown[] = []
async function handler(this: unknown, { topic }: EachMessagePayload) {
  handled.push(this, topic)
}

class ClassConfig {
  readonly #concurrently = 3
  readonly reads: string[] = []
  get autoCommit() {
    return false
  }
  get partitionsConsumedConcurrently() {
    return this.#concurrently
  }
  get eachMessage() {
    this.reads.push('eachMessage')
    return handler
  }
}

describe('a configuration of `run`', () => {
  beforeEach(() => void handled.splice(0))

  test.each<[string, ConsumerRunConfig]>([
    ['a class with getters', new ClassConfig()],
    ['a frozen one', Object.freeze(new ClassConfig())],
    [
      'an object that inherits all',
      Object.create(
        Object.freeze({ autoCommit: false, partitionsConsumedConcurrently: 3, eachMessage: handler }),
      ),
    ],
    [
      'an object without prototype',
      Object.assign(Object.create(null), {
        autoCommit: false,
        partitionsConsumedConcurrently: 3,
        eachMessage: handler,
      }),
    ],
  ])(
    'that is %s is read as kafkajs reads it, and its handler called as kafkajs calls it',
    async (_, config) => {
      const { options, deliver, handlers } = await consumer().run(config)
      expect(options).toEqual([false, null, null, true, 3])
      expect(handlers).toEqual(['undefined', 'function'])
      if (config instanceof ClassConfig) expect(config.reads).toEqual(['eachMessage'])
      await deliver(payload)
      expect(handled).toEqual([kafkaRunner, 'orders'])
      expect(telemetry.spans().map(({ name }) => name)).toEqual(['process orders'])
    },
  )

  test.each<[string, unknown]>([
    ['null', null],
    [
      'a getter that throws',
      Object.defineProperty({}, 'eachMessage', {
        get: () => {
          throw new RangeError('no handler')
        },
      }),
    ],
  ])('that is %s has the error of kafkajs', async (_, config) => {
    const expected = await read(config as ConsumerRunConfig).catch((error) => error)
    await expect(consumer().run(config as ConsumerRunConfig)).rejects.toThrow(expected)
  })

  test('with no handler is handed on as it is, and none stays none', async () => {
    const given: unknown[][] = []
    const { run } = instrumentConsumer({
      connect: async () => undefined,
      run: async (...args: object[]) => given.push(args),
    })
    const config = Object.freeze({ autoCommit: false })
    await run(config)
    await run()
    expect(given).toEqual([[config], []])
    expect(given[0]?.[0]).toBe(config)
  })

  test("a handler runs in the caller's AsyncLocalStorage", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const { deliver } = await storage.run('at run', () =>
      consumer().run({ eachMessage: async () => void seen.push(storage.getStore()) }),
    )
    await storage.run('at delivery', () => deliver(payload))
    expect(seen).toEqual(['at delivery'])
  })
})

describe('a message that brings a context twice, as those that were forwarded by Java do', () => {
  const [first, last] = ['1', '2'].map((digit) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) }))
  const traceparents = [first, last].map((at) => Buffer.from(`00-${at?.traceId}-${at?.spanId}-01`))

  test('is processed under the last, and its baggage is merged', async () => {
    propagation.disable()
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    )
    const { consumer, deliver } = fakeConsumer()
    let baggage: unknown
    await instrumentConsumer(consumer).run({
      eachMessage: async () => {
        baggage = propagation
          .getActiveBaggage()
          ?.getAllEntries()
          .map(([key, { value }]) => [key, value])
      },
    })
    const headers = {
      traceparent: traceparents,
      tracestate: [Buffer.from('vendor=first'), Buffer.from('vendor=last')],
      baggage: [Buffer.from('tenant=a,plan=gold'), Buffer.from('tenant=b')],
    }
    await deliver('orders', message(1, headers))
    const [span] = telemetry.spans('process orders')
    expect(span?.parentSpanContext).toMatchObject(last ?? {})
    expect(span?.parentSpanContext?.traceState?.serialize()).toBe('vendor=last')
    expect(span?.links.map(({ context }) => context.spanId)).toEqual([last?.spanId])
    expect(baggage).toEqual([
      ['tenant', 'b'],
      ['plan', 'gold'],
    ])
  })

  test('in a batch is a link to the last', async () => {
    const { consumer, deliverBatch } = fakeConsumer()
    await instrumentConsumer(consumer).run({ eachBatch: async () => undefined })
    await deliverBatch({
      topic: 'orders',
      partition: 0,
      messages: [message(1, { traceparent: traceparents })],
    } as never)
    expect(telemetry.spans('process orders')[0]?.links.map(({ context }) => context.spanId)).toEqual([
      last?.spanId,
    ])
  })
})
