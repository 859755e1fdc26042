import { describe, expect, test } from 'vitest'
import { instrumentConsumer, instrumentProducer } from '../../src/index.ts'

interface Position {
  readonly topic: string
}

/** A position whose topic may be read once. */
const onceReadable = (): Position => {
  let read = 0
  return {
    get topic() {
      read += 1
      if (read > 1) throw new RangeError('the topic is read too often')
      return 'orders'
    },
  }
}

const topicsIn = (positions: Iterable<Position>) => Array.from(positions, ({ topic }) => topic)

const handedIn: [string, () => Iterable<Position>][] = [
  ['a topic that may be read once', () => [onceReadable()]],
  [
    'a generator',
    function* generated() {
      yield { topic: 'orders' }
    },
  ],
  ['a set', () => new Set([{ topic: 'orders' }])],
]

describe('offsets are read by the client alone:', () => {
  test.each(handedIn)('commitOffsets, %s', async (_, make) => {
    const consumer = instrumentConsumer({
      connect: async () => undefined,
      run: async () => undefined,
      commitOffsets: async (positions: Iterable<Position>) => topicsIn(positions),
    })
    expect(await consumer.commitOffsets(make())).toEqual(['orders'])
  })

  test.each(handedIn)('sendOffsets, %s', async (_, make) => {
    const producer = instrumentProducer({
      connect: async () => undefined,
      send: async () => [],
      transaction: async () => ({
        sendOffsets: async ({ topics }: { topics: Iterable<Position> }) => topicsIn(topics),
      }),
    })
    const transaction = await producer.transaction()
    expect(await transaction.sendOffsets({ topics: make() })).toEqual(['orders'])
  })
})

test('what a handler gives is given to the client that calls it, as a test double may look at it', async () => {
  const answers: unknown[] = []
  const consumer = instrumentConsumer({
    connect: async () => undefined,
    run: async (config: {
      eachMessage(payload: object): Promise<unknown>
      eachBatch(payload: object): Promise<unknown>
    }) => {
      const message = { value: Buffer.from('tea'), offset: '1' }
      answers.push(await config.eachMessage({ topic: 'orders', partition: 0, message }))
      answers.push(await config.eachBatch({ batch: { topic: 'orders', partition: 0, messages: [message] } }))
    },
  })
  await consumer.run({ eachMessage: async () => 'handled', eachBatch: async () => 'all handled' })
  expect(answers).toEqual(['handled', 'all handled'])
})
