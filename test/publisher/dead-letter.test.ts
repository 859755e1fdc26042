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
