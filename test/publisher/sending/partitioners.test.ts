/** What a partitioner of one's own may do, and what becomes of its messages. */
import { expect, test } from 'vitest'
import { KafkaPublisher, type KafkaPublisherOptions, type PublishResult } from '../../../src/index.ts'
import { publishing, valuesIn } from '../support/sandboxed.ts'

type Partitioner = (args: {
  topic: string
  message: { value: unknown; headers: Record<string, unknown> }
  partitionMetadata: { partitionId: number }[]
}) => unknown

const option = (partitioner: Partitioner) =>
  ({ partitioner: () => partitioner }) as unknown as Partial<KafkaPublisherOptions>
const topics = { orders: 3 }

/** The kind, the code and the sentence of the error. */
const said = ({ ok, errorKind, error }: PublishResult) => {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string }
  return [ok, errorKind, code, /the partitioner [^.]*(\.\d+[^.]*)?/.exec(message)?.[0]]
}

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['a string', '1'],
  ['a promise', Promise.resolve(1)],
  ['NaN', Number.NaN],
  ['-1', -1],
  ['0.5', 0.5],
  ['3', 3],
  ['1000000000', 1e9],
  ['a BigInt', 1n],
  ['true', true],
  ['a function', () => 1],
  ['an object', { partition: 1, password: 'hunter2' }],
])('a message for which it returns %s is poison, and the others are sent', async (kind, answer) => {
  const partitioner: Partitioner = ({ message }) => (String(message.value) === 'bad' ? answer : 1)
  const { sandbox, publisher } = await publishing({ topics }, option(partitioner))
  const results = await publisher.publish(['a', 'bad', 'b'].map((value) => ({ topic: 'orders', value })))
  expect(results.map(said)).toEqual([
    [true, undefined, undefined, undefined],
    [
      false,
      'poison',
      'message_invalid',
      `the partitioner returned ${kind}, which is no partition of the topic`,
    ],
    [true, undefined, undefined, undefined],
  ])
  expect(results[1]?.error).toMatchObject({ hint: expect.stringContaining('`partitionId`') })
  expect(results[1]?.error?.message).not.toContain('hunter2')
  expect(valuesIn(sandbox)).toEqual(['a', 'b'])
})

test('a partitioner that is async costs its messages, and no unhandled rejection', async () => {
  const partitioner: Partitioner = async () => Promise.reject(new Error('nobody waits for this one'))
  const { sandbox, publisher } = await publishing({ topics }, option(partitioner))
  const results = await publisher.publish([{ topic: 'orders', value: 'tea' }])
  expect(results.map(said)).toEqual([
    [
      false,
      'poison',
      'message_invalid',
      'the partitioner returned a promise, which is no partition of the topic',
    ],
  ])
  expect(valuesIn(sandbox)).toEqual([])
})

test.each([new Error('no idea'), undefined, 'a text'])(
  'what it throws (%s) costs its message only',
  async (thrown) => {
    const partitioner: Partitioner = ({ message }) => {
      if (String(message.value) === 'bad') throw thrown
      return 0
    }
    const { sandbox, publisher } = await publishing({ topics }, option(partitioner))
    const results = await publisher.publish(['bad', 'good'].map((value) => ({ topic: 'orders', value })))
    expect(results.map(said)).toEqual([
      [false, 'poison', 'message_invalid', 'the partitioner threw an error'],
      [true, undefined, undefined, undefined],
    ])
    expect(valuesIn(sandbox)).toEqual(['good'])
  },
)

test('what it changes in its arguments changes nothing', async () => {
  const partitioner: Partitioner = ({ message, partitionMetadata }) => {
    message.value = undefined
    message.headers['a'] = undefined
    partitionMetadata.length = 0
    return 2
  }
  const { sandbox, publisher } = await publishing({ topics }, option(partitioner))
  const message = { topic: 'orders', value: 'tea', headers: { a: 'b' } }
  expect(await publisher.publish([message, message])).toMatchObject([{ ok: true }, { ok: true }])
  expect(valuesIn(sandbox)).toEqual(['tea', 'tea'])
  expect(sandbox.messages('orders').map(({ headers }) => String(headers[0]))).toEqual(['a,b', 'a,b'])
})

test('what it changes inside its arguments changes nothing either', async () => {
  const seen: number[][] = []
  const partitioner: Partitioner = ({ message, partitionMetadata }) => {
    seen.push(partitionMetadata.map(({ partitionId }) => partitionId))
    for (const values of Object.values(message.headers)) (values as string[]).length = 0
    for (const one of partitionMetadata) Object.assign(one, { partitionId: 9, leader: -1 })
    return 2
  }
  const { sandbox, publisher } = await publishing({ topics }, option(partitioner))
  const message = { topic: 'orders', value: 'tea', headers: { a: ['1', '2'] } }
  for (const _ of [1, 2])
    expect(await publisher.publish([message])).toMatchObject([{ ok: true, partition: 2 }])
  expect(sandbox.messages('orders').map(({ headers }) => headers.map(String))).toEqual([
    ['a,1', 'a,2'],
    ['a,1', 'a,2'],
  ])
  expect(seen).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
})

test.each<[string, () => unknown, string]>([
  ['is async', async () => () => 1, '`partitioner` returned no function when it was called'],
  [
    'is async and rejects, with no unhandled rejection',
    () => Promise.reject(new Error('nobody waits for this one')),
    '`partitioner` returned no function when it was called',
  ],
  ['returns no function', () => 1, '`partitioner` returned no function when it was called'],
  [
    'throws',
    () => {
      throw new Error('no')
    },
    '`partitioner` threw an error when it was called',
  ],
])('a factory that %s is an error at connect that names the option', async (_, factory, message) => {
  const partitioner = factory as never
  const publisher = new KafkaPublisher({ brokers: ['127.0.0.1:1'], ssl: false, partitioner })
  await expect(publisher.connect()).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(message),
  })
})
