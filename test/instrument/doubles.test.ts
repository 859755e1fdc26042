import sinon from 'sinon'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { instrumentProducer, instrumentPublisher } from '../../src/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
beforeEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

const record = { topic: 'orders', messages: [{ value: 'tea' }] }
interface Double {
  connect(): Promise<unknown>
  send(record: object): Promise<unknown>
  sendBatch(batch: object): Promise<unknown>
  transaction(): Promise<unknown>
}

describe('a test double in place of a producer', () => {
  const doubles: [string, () => Double][] = [
    ['vi.fn()', () => ({ connect: vi.fn(), send: vi.fn(), sendBatch: vi.fn(), transaction: vi.fn() })],
    [
      'sinon.stub()',
      () => ({
        connect: sinon.stub(),
        send: sinon.stub(),
        sendBatch: sinon.stub(),
        transaction: sinon.stub(),
      }),
    ],
  ]

  test.each(doubles)('%s gives nothing when it is instrumented, too', (_, make) => {
    const producer = instrumentProducer(make())
    const answers = [
      producer.connect(),
      producer.send(record),
      producer.sendBatch({ topicMessages: [record] }),
      producer.transaction(),
    ]
    expect(answers).toEqual([undefined, undefined, undefined, undefined])
  })

  test('what it gives in place of a promise is given, and the send is a span', () => {
    const producer = instrumentProducer({ connect: vi.fn(), send: sinon.stub().returns('sent') })
    expect(producer.send(record)).toBe('sent')
  })

  test('whose transaction is nothing begins none', async () => {
    const transaction = vi.fn<() => Promise<unknown>>().mockResolvedValue(undefined)
    const producer = instrumentProducer({ connect: vi.fn(), send: vi.fn(), transaction })
    expect(await producer.transaction()).toBeUndefined()
    expect(telemetry.spans('msk_iam.transaction')).toHaveLength(1)
  })
})

describe('a client that gives itself', () => {
  class Chained {
    readonly #sent: object[] = []
    readonly own = this
    get me() {
      return this
    }
    async connect() {
      return this
    }
    async send(sent: object) {
      this.#sent.push(sent)
      return []
    }
    pause() {
      return this
    }
  }

  test('gives the instrumented one, by a method, a promise, a getter or a property', async () => {
    const producer = instrumentProducer(new Chained())
    expect(producer.pause() === producer).toBe(true)
    expect((await producer.connect()) === producer).toBe(true)
    expect(producer.me === producer).toBe(true)
    expect(producer.own === producer).toBe(true)
    await (await producer.connect()).send(record)
    expect(telemetry.spans('send orders')).toHaveLength(1)
  })
})

describe('a list of a class of its own, handed to a publisher', () => {
  class Outbox extends Array<{ topic: string; value: string }> {
    override map(): never {
      throw new Error('no map')
    }
    override slice(): never {
      throw new Error('no slice')
    }
    override entries(): never {
      throw new Error('no entries')
    }
  }

  test('is published', async () => {
    const publish = vi.fn(async (messages: readonly { value: string }[]) =>
      Array.from(messages, () => ({ ok: true })),
    )
    const outbox = new Outbox()
    outbox[0] = { topic: 'orders', value: 'tea' }
    expect(await instrumentPublisher({ publish }).publish(outbox)).toEqual([{ ok: true }])
    expect(telemetry.spans('send orders')).toHaveLength(1)
  })

  test('its messages may be lazy', async () => {
    const order = { topic: 'orders', value: 'tea' }
    const lazy = new Proxy({} as typeof order, { get: (_, field) => Reflect.get(order, field) })
    const publish = vi.fn(async (messages: readonly (typeof order)[]) =>
      messages.map(({ topic, value }) => ({ ok: topic === 'orders' && value === 'tea' })),
    )
    expect(await instrumentPublisher({ publish }).publish([lazy])).toEqual([{ ok: true }])
    expect(publish.mock.calls[0]?.[0][0]).toHaveProperty('headers.traceparent')
  })

  test('a revoked Proxy is for the publisher to refuse', async () => {
    const { proxy, revoke } = Proxy.revocable<never[]>([], {})
    revoke()
    const publish = async (messages: readonly never[]) => messages.length
    await expect(instrumentPublisher({ publish }).publish(proxy)).rejects.toThrow("Cannot perform 'get'")
  })
})
