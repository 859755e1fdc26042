import { expect, test } from 'vitest'
import { instrumentProducer } from '../../src/index.ts'

class Order {
  reads = 0
  readonly value = 'tea'
  get headers() {
    this.reads += 1
    return { source: 'shop' }
  }
}

test('without an SDK the client gets the very messages of its caller, unread, also with perMessageSpans', async () => {
  const handed: unknown[] = []
  const client = {
    connect: async () => undefined,
    send: async (record: { topic: string; messages: readonly object[] }) =>
      void handed.push(...record.messages),
  }
  const order = new Order()
  await instrumentProducer(client, { perMessageSpans: true }).send({ topic: 'orders', messages: [order] })
  expect(handed[0]).toBe(order)
  expect(order.reads).toBe(0)
})
