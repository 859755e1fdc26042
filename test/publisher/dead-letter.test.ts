import { expect, test } from 'vitest'
import type { PublishableMessage } from '../../src/index.ts'
import { publishing } from './support/sandboxed.ts'

async function deadLettered(message: PublishableMessage): Promise<(string | undefined)[]> {
  const { sandbox, publisher } = await publishing({ topics: { [message.topic]: 1 } })
  await publisher.publishToDlq(message, new Error('no tea'))
  const { headers = [] } = sandbox.messages(message.topic)[0] ?? {}
  return headers.filter(([name]) => name === 'dlq-original-topic').map(([, value]) => value?.toString())
}
const dead = (headers: object = {}): PublishableMessage => ({
  topic: 'orders.dlq',
  value: 'tea',
  headers: headers as Record<string, string>,
})

test.each<[string, object, string[]]>([
  ['its header original-topic', { 'original-topic': 'orders' }, ['orders']],
  ['the same as bytes', { 'original-topic': Buffer.from('orders') }, ['orders']],
  ['the first of several', { 'original-topic': ['orders', Buffer.from('others')] }, ['orders']],
  ['nothing, where it does not say', {}, []],
  ['nothing, where the header is empty', { 'original-topic': '' }, []],
  ['not the topic of the dead letters', { 'original-topic': 'orders.dlq' }, []],
  [
    'what was said the first time',
    { 'original-topic': 'orders.retry', 'dlq-original-topic': Buffer.from('orders') },
    ['orders'],
  ],
  [
    'not the topic of the dead letters, said by another publisher the first time',
    { 'original-topic': 'orders', 'dlq-original-topic': 'orders.dlq' },
    ['orders'],
  ],
])('the original topic of a dead letter is %s', async (_, headers, expected) => {
  expect(await deadLettered(dead(headers))).toEqual(expected)
})

class Row {
  readonly #topic = 'orders.dlq'
  get topic() {
    return this.#topic
  }
  get value() {
    return 'tea'
  }
  get headers() {
    return { 'original-topic': 'orders' }
  }
}

test('a message of a class with getters is dead-lettered with all that it has', async () => {
  expect(await deadLettered(Object.freeze(new Row()))).toEqual(['orders'])
})

const throws = (): never => {
  throw new Error('not now')
}

test.each<[string, unknown]>([
  ['null', null],
  ['nothing', undefined],
  ['a text', 'tea'],
  ['headers that are null', { topic: 'orders.dlq', value: 'tea', headers: null }],
  ['headers that are a Map', { topic: 'orders.dlq', value: 'tea', headers: new Map() }],
  ['a topic that cannot be read', Object.defineProperty({ value: 'tea' }, 'topic', { get: throws })],
  [
    'headers that cannot be read',
    { topic: 'orders.dlq', value: 'tea', headers: new Proxy({}, { ownKeys: throws }) },
  ],
])('a dead letter that is none is an error that says so: %s', async (_, message) => {
  const { sandbox, publisher } = await publishing({ topics: { 'orders.dlq': 1 } })
  await expect(publisher.publishToDlq(message as never, new Error('no tea'))).rejects.toMatchObject({
    code: 'message_invalid',
  })
  expect(sandbox.messages('orders.dlq')).toEqual([])
})

test.each<[string, unknown]>([
  ['an object without a prototype', Object.create(null)],
  ['an object whose text throws', { toString: throws }],
  ['an error whose name throws', Object.defineProperty(new Error('no'), 'name', { get: throws })],
  ['a Proxy that throws at every look', new Proxy(new Error(), { get: throws, getPrototypeOf: throws })],
])('the cause of a dead letter may be anything, also %s', async (_, cause) => {
  const { sandbox, publisher } = await publishing({ topics: { 'orders.dlq': 1 } })
  await publisher.publishToDlq(dead(), cause as Error)
  const [stored] = sandbox.messages('orders.dlq')
  expect(stored?.headers.map(([name]) => name)).toEqual([
    'dlq-reason',
    'dlq-error-class',
    'dlq-error-code',
    'dlq-failed-at',
  ])
})
