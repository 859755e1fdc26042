import type { ProducerRecord } from 'kafkajs'

const withMessages = (...messages: unknown[]) => ({ topic: 'orders', messages }) as ProducerRecord

/** Its own methods make new lists by its constructor, which takes no length. */
class StrictList extends Array<unknown> {
  constructor(...elements: unknown[]) {
    if (typeof elements[0] === 'number') throw new Error('takes no length')
    super()
    for (const [index, element] of elements.entries()) this[index] = element
  }
}

/** Its methods are another's. */
class LockedList extends Array<unknown> {
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

const locked = (...elements: unknown[]) => {
  const list = new LockedList()
  for (const [index, element] of elements.entries()) list[index] = element
  return list
}

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable<unknown[]>([], {})
  revoke()
  return proxy
}

const refusing = (given: object, ...traps: string[]): object =>
  new Proxy(
    given,
    Object.fromEntries(
      traps.map((trap) => [
        trap,
        () => {
          throw new RangeError(`no ${trap}`)
        },
      ]),
    ),
  )

/** A getter that gives another value at each read, or may be read but so often. */
const changing = (field: string, others: object, of: (read: number) => unknown, most = Infinity) => {
  let read = 0
  return Object.defineProperty({ ...others }, field, {
    enumerable: true,
    get: () => {
      read += 1
      if (read > most) throw new RangeError(`${field} is read too often`)
      return of(read)
    },
  })
}

const LOOKS = ['ownKeys', 'getOwnPropertyDescriptor', 'has']

export const oddRecords: [string, () => unknown][] = [
  [
    'a list whose class takes no length',
    () => ({ topic: 'orders', messages: new StrictList({ value: 'a' }, { value: 'b' }) }),
  ],
  ['a list whose methods throw', () => ({ topic: 'orders', messages: locked({ value: 'a' }) })],
  ['a revoked Proxy for a list', () => ({ topic: 'orders', messages: revoked() })],
  ['a list that cannot be read', () => ({ topic: 'orders', messages: refusing([{ value: 'a' }], 'get') })],
  ['a record that shows no descriptors', () => refusing(withMessages({ value: 'a' }), ...LOOKS)],
  ['a message that shows no descriptors', () => withMessages(refusing({ value: 'a' }, ...LOOKS))],
  ['a value that changes', () => withMessages(changing('value', {}, String))],
  ['a key that changes', () => withMessages(changing('key', { value: 'a' }, String))],
  ['headers that change', () => withMessages(changing('headers', { value: 'a' }, (n) => ({ n: `${n}` })))],
  [
    'headers that may be read once',
    () => withMessages(changing('headers', { value: 'a' }, () => ({ a: 'b' }), 1)),
  ],
  ['a header that changes', () => withMessages({ value: 'a', headers: changing('n', {}, String) })],
  [
    'a value that may be read once, which is too few',
    () => withMessages(changing('value', {}, () => 'a', 1)),
  ],
  ['a getter that gives no value', () => withMessages(changing('value', { key: 'k' }, () => undefined))],
  [
    'a trace context that is no text',
    () => withMessages({ value: 'a', headers: { traceparent: { toString: () => 'x' } } }),
  ],
]

export const oddBatches: [string, () => unknown][] = [
  [
    'records in a list whose class takes no length',
    () => ({ topicMessages: new StrictList(withMessages({ value: 'a' })) }),
  ],
  ['a revoked Proxy for records', () => ({ topicMessages: revoked() })],
  [
    'a revoked Proxy for the messages of one',
    () => ({ topicMessages: [withMessages({ value: 'a' }), { topic: 'orders', messages: revoked() }] }),
  ],
  ['records that cannot be read', () => ({ topicMessages: refusing([], 'get') })],
]
