/** Fields of a message that are nearly right: they are sent as they were meant, or named in an error. */
import { expect, test } from 'vitest'
import type { PublishableMessage } from '../../src/index.ts'
import { publishing, valuesIn } from './support/sandboxed.ts'

const tea = (more: object) => ({ topic: 'orders', value: 'tea', ...more }) as PublishableMessage
const thrower = (problem: unknown) => ({
  get(): never {
    throw problem
  },
})

test.each<[string, object, string]>([
  ['null as timestamp', { timestamp: null }, '`timestamp` takes epoch milliseconds'],
  ['an empty timestamp', { timestamp: '' }, '`timestamp` takes epoch milliseconds'],
  ['a list as timestamp', { timestamp: [] }, '`timestamp` takes epoch milliseconds'],
  ['true as timestamp', { timestamp: true }, '`timestamp` takes epoch milliseconds'],
  ['a symbol as timestamp', { timestamp: Symbol('now') }, '`timestamp` takes epoch milliseconds'],
  ['a Date that is none', { timestamp: new Date('soon') }, '`timestamp` takes epoch milliseconds'],
  ['no timestamp, as Kafka writes it', { timestamp: '-1' }, '`timestamp` takes epoch milliseconds'],
  [
    'a partition that no topic can have',
    { partition: 2 ** 31 },
    '`partition` takes a whole number from 0 to',
  ],
  ['a partition beyond all numbers', { partition: 1e21 }, '`partition` takes a whole number from 0 to'],
  ['a Map as headers', { headers: new Map([['a', 'b']]) }, '`headers` takes an object by name'],
  ['a list of pairs as headers', { headers: [['a', 'b']] }, '`headers` takes an object by name'],
  ['headers of fetch', { headers: new Headers({ a: 'b' }) }, '`headers` takes an object by name'],
])('%s is poison, and the others are sent', async (_, wrong, says) => {
  const { sandbox, publisher } = await publishing()
  const [refused, sent] = await publisher.publish([tea(wrong), tea({ value: 'milk' })])
  expect(refused).toMatchObject({ ok: false, errorKind: 'poison', error: { code: 'message_invalid' } })
  expect(refused?.error?.message).toContain(says)
  expect(sent).toMatchObject({ ok: true })
  expect(valuesIn(sandbox)).toEqual(['milk'])
})

test.each<[string, unknown]>([
  ['a number', 1_700_000_000_000],
  ['a Date', new Date(1_700_000_000_000)],
  ['a text of digits, as consumed messages have it', '1700000000000'],
])('a timestamp may be %s', async (_, timestamp) => {
  const { sandbox, publisher } = await publishing()
  expect(await publisher.publish([tea({ timestamp })])).toMatchObject([{ ok: true }])
  expect(sandbox.messages('orders').map((message) => Number(message.timestamp))).toEqual([1_700_000_000_000])
})

test('a getter that throws what cannot be looked at costs its message only', async () => {
  const unreadable = (): never => {
    throw new Error('not now')
  }
  const problem = new Proxy(new Error(), { get: unreadable, getPrototypeOf: unreadable })
  const { sandbox, publisher } = await publishing()
  const bad = Object.defineProperty(tea({}), 'value', thrower(problem))
  expect(await publisher.publish([bad, tea({ value: 'milk' })])).toMatchObject([
    { ok: false, errorKind: 'poison' },
    { ok: true },
  ])
  expect(valuesIn(sandbox)).toEqual(['milk'])
})

test.each([0, 1] as const)(
  'with acks: %i, a message for a partition that there is not is not ok',
  async (acks) => {
    const { sandbox, publisher } = await publishing({}, { idempotent: false, acks })
    const [ghost, sent] = await publisher.publish([
      tea({ partition: 7 }),
      tea({ value: 'milk', partition: 0 }),
    ])
    expect(ghost).toMatchObject({ ok: false, errorKind: 'retriable', error: { code: 'partition_unknown' } })
    expect(sent).toMatchObject({ ok: true })
    await expect.poll(() => valuesIn(sandbox)).toEqual(['milk'])
  },
)
