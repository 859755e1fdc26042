/** Whatever a caller hands to `publish`: one result for each place, in order, and each of them true. */
import { expect, test } from 'vitest'
import type { PublishableMessage, PublishResult } from '../../src/index.ts'
import { publishing, valuesIn } from './support/sandboxed.ts'

const order = (value: string, more: object = {}): PublishableMessage => ({
  topic: 'orders',
  value,
  recordId: value,
  ...more,
})
const outcomes = (results: readonly PublishResult[]) =>
  Array.from(results, ({ recordId, ok, errorKind, error }) => [
    recordId,
    ok ? 'ok' : `${errorKind} ${(error as { code?: string } | undefined)?.code}`,
  ])
const REFUSED = 'poison message_invalid'
const listWithHole = () => {
  const list = [order('a')]
  list[2] = order('b')
  return list
}
const throwing = (...fields: string[]) => {
  const message = order('tea')
  for (const field of fields) {
    Object.defineProperty(message, field, {
      get() {
        throw new Error('not now')
      },
    })
  }
  return message
}

test.each<[string, unknown[], string[][]]>([
  [
    'a hole',
    listWithHole(),
    [
      ['a', 'ok'],
      ['1', REFUSED],
      ['b', 'ok'],
    ],
  ],
  ['no messages', [undefined, null, 'tea', 7], ['0', '1', '2', '3'].map((id) => [id, REFUSED])],
  [
    'a value that cannot be read',
    [throwing('value'), order('b')],
    [
      ['tea', REFUSED],
      ['b', 'ok'],
    ],
  ],
  [
    'a topic that cannot be read',
    [throwing('topic'), order('b')],
    [
      ['tea', REFUSED],
      ['b', 'ok'],
    ],
  ],
  ['a record id that cannot be read', [throwing('recordId')], [['0', 'ok']]],
  ['nothing that can be read', [throwing('recordId', 'topic', 'value', 'headers')], [['0', REFUSED]]],
  [
    'headers that cannot be read',
    [order('a', { headers: throwing('value') }), order('b')],
    [
      ['a', REFUSED],
      ['b', 'ok'],
    ],
  ],
  [
    'a Buffer that is none',
    [order('a', { value: Object.create(Buffer.prototype) }), order('b')],
    [
      ['a', REFUSED],
      ['b', 'ok'],
    ],
  ],
  [
    'a Proxy of a Buffer',
    [order('a', { value: new Proxy(Buffer.from('a'), {}) }), order('b')],
    [
      ['a', REFUSED],
      ['b', 'ok'],
    ],
  ],
  [
    'a bigint as timestamp',
    [order('a', { timestamp: 5n }), order('b')],
    [
      ['a', REFUSED],
      ['b', 'ok'],
    ],
  ],
])('%s', async (_, messages, expected) => {
  const { sandbox, publisher } = await publishing()
  const results = await publisher.publish(messages as PublishableMessage[])
  expect(outcomes(results)).toEqual(expected)
  expect(valuesIn(sandbox)).toEqual(
    expected.flatMap(([id, outcome]) => (outcome === 'ok' ? [id === '0' ? 'tea' : id] : [])),
  )
})

test('a list of which a place cannot be read has a result for that place too', async () => {
  const { sandbox, publisher } = await publishing()
  const list = new Proxy([order('a'), order('b')], {
    get(target, property) {
      if (property === '0') throw new Error('not now')
      return Reflect.get(target, property)
    },
  })
  expect(outcomes(await publisher.publish(list))).toEqual([
    ['0', REFUSED],
    ['b', 'ok'],
  ])
  expect(valuesIn(sandbox)).toEqual(['b'])
})

test('a list of a class of its own is read as an array', async () => {
  class Rows extends Array<PublishableMessage> {
    override map(): never[] {
      return []
    }
    override forEach(): void {}
  }
  const { sandbox, publisher } = await publishing()
  expect(outcomes(await publisher.publish(Rows.of(order('a'), order('b'))))).toEqual([
    ['a', 'ok'],
    ['b', 'ok'],
  ])
  expect(valuesIn(sandbox)).toEqual(['a', 'b'])
})

test('one object given twice is sent twice, each with a result', async () => {
  const { sandbox, publisher } = await publishing()
  const tea = order('tea')
  expect(await publisher.publish([tea, tea])).toMatchObject([{ offset: '0' }, { offset: '1' }])
  expect(valuesIn(sandbox)).toEqual(['tea', 'tea'])
})

test('a list and messages that change while they are sent go out as they were given', async () => {
  const { sandbox, publisher } = await publishing({ topics: { orders: 1, others: 1 } })
  const messages = [order('a', { headers: { x: '1' } }), order('b')]
  const publish = publisher.publish(messages)
  Object.assign(messages[0] as object, { topic: 'others', value: 'changed', recordId: 'changed' })
  messages.length = 0
  expect(outcomes(await publish)).toEqual([
    ['a', 'ok'],
    ['b', 'ok'],
  ])
  expect(valuesIn(sandbox)).toEqual(['a', 'b'])
  expect(valuesIn(sandbox, 'others')).toEqual([])
})

test('a message whose topic is another at each reading goes to the first', async () => {
  const { sandbox, publisher } = await publishing({ topics: { orders: 1, others: 1 } })
  const names = ['orders', 'others', 'others', 'others']
  const message = Object.defineProperty(order('tea'), 'topic', { get: () => names.shift() })
  expect(outcomes(await publisher.publish([message]))).toEqual([['tea', 'ok']])
  expect(valuesIn(sandbox)).toEqual(['tea'])
})

test('messages of a class with getters are sent', async () => {
  class Row {
    get topic() {
      return 'orders'
    }
    get value() {
      return 'tea'
    }
  }
  const { sandbox, publisher } = await publishing()
  expect(outcomes(await publisher.publish([Object.freeze(new Row())]))).toEqual([['0', 'ok']])
  expect(valuesIn(sandbox)).toEqual(['tea'])
})

test.each<[string, unknown]>([
  ['a Set', new Set([order('a')])],
  ['a generator', [order('a')].values()],
  ['an object with a length', { length: 1, 0: order('a') }],
  ['one message', order('a')],
  ['nothing', undefined],
])('%s is no array: an error, and nothing is sent', async (_, messages) => {
  const { sandbox, publisher } = await publishing()
  await expect(publisher.publish(messages as never)).rejects.toMatchObject({ code: 'message_invalid' })
  expect(valuesIn(sandbox)).toEqual([])
})

test('a header with several values stands several times in the message', async () => {
  const { sandbox, publisher } = await publishing()
  const message = order('tea', { headers: { x: ['1', Buffer.from('2')], y: '3' } })
  expect(outcomes(await publisher.publish([message]))).toEqual([['tea', 'ok']])
  expect(sandbox.messages('orders')[0]?.headers.map(([name, value]) => [name, String(value)])).toEqual([
    ['x', '1'],
    ['x', '2'],
    ['y', '3'],
  ])
})
