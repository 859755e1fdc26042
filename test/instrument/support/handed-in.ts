import type { Message, ProducerRecord } from 'kafkajs'
import { deepFreeze } from '../../support/deep-freeze.ts'

/** By getters on its prototype, which read private fields, and count how often they are asked. */
export class ClassRecord {
  readonly reads: string[] = []
  readonly #messages: Message[]
  constructor(messages: Message[]) {
    this.#messages = messages
  }
  get topic() {
    this.reads.push('topic')
    return 'orders'
  }
  get acks() {
    this.reads.push('acks')
    return 1
  }
  get messages() {
    this.reads.push('messages')
    return this.#messages.splice(0)
  }
}

class ClassMessage {
  readonly #value: string
  partition = 1
  constructor(value: string) {
    this.#value = value
  }
  get value() {
    return this.#value
  }
  get tenant() {
    return `tenant of ${this.#value}`
  }
}

class FieldMessage {
  key = 'k'
  value = 'fields'
  headers = { tenant: 'x' }
}

class HeadersMessage {
  value = 'own value'
  get headers() {
    return { tenant: 'by a getter' }
  }
}

const throwing = (field: string): Message =>
  Object.defineProperty({ value: 'x', partition: 0 } as Message, field, {
    enumerable: true,
    get: () => {
      throw new RangeError(`no ${field}`)
    },
  })

const withMessages = (...messages: unknown[]) => ({ topic: 'orders', messages }) as ProducerRecord

class OurList<T> extends Array<T> {}

/** With nothing between two elements. */
const withHole = <T>(first: T, last: T) => Object.assign(new Array<T>(3), { 0: first, 2: last })

export const records: [string, () => unknown][] = [
  ['a class with getters, read once', () => new ClassRecord([{ value: 'a' }, { value: 'b' }])],
  ['the same, frozen', () => Object.freeze(new ClassRecord([{ value: 'a' }]))],
  ['a frozen literal', () => deepFreeze(withMessages({ value: 'a', headers: { tenant: 'x' } }))],
  ['one without prototype', () => Object.assign(Object.create(null), withMessages({ value: 'a' }))],
  ['one that inherits all', () => Object.create(deepFreeze(withMessages({ value: 'a' })))],
  [
    'getters of its own, one of which nobody reads',
    () => ({
      get topic() {
        return 'orders'
      },
      get messages() {
        return [{ value: 'a' }]
      },
      get debug() {
        throw new Error('nobody reads it')
      },
    }),
  ],
  [
    'messages with fields of a class',
    () => withMessages(new FieldMessage(), Object.freeze(new FieldMessage())),
  ],
  [
    'messages with getters of a class',
    () => withMessages(new ClassMessage('a'), Object.freeze(new ClassMessage('b'))),
  ],
  ['messages with headers by a getter of a class', () => withMessages(new HeadersMessage())],
  ['messages that inherit', () => withMessages(Object.create({ value: 'a', key: 'k' }))],
  ['messages without prototype', () => withMessages(Object.assign(Object.create(null), { value: 'a' }))],
  ['a value that is not enumerable', () => withMessages(Object.defineProperty({}, 'value', { value: 'a' }))],
  ['symbols as keys', () => withMessages({ value: 'a', [Symbol('mine')]: 1 })],
  [
    'a list of a class of its own',
    () => ({
      topic: 'orders',
      messages: OurList.from([{ value: 'a' }, { value: 'b' }]),
    }),
  ],
  [
    'header values in a list',
    () => withMessages({ value: 'a', headers: { x: ['1', Buffer.from('2')], y: [] } }),
  ],
  ['a header value that is undefined', () => withMessages({ value: 'a', headers: { x: undefined } })],
  ['a header value that is a number', () => withMessages({ value: 'a', headers: { x: 5 } })],
  ['a header value that is null', () => withMessages({ value: 'a', headers: { x: null } })],
  ['headers that are null', () => withMessages({ value: 'a', headers: null })],
  ['headers that are text', () => withMessages({ value: 'a', headers: 'ab' })],
  ['headers that are a map', () => withMessages({ value: 'a', headers: new Map([['a', 'b']]) })],
  ['no value', () => withMessages({ value: 'a' }, { key: 'k', headers: { tenant: 'x' } })],
  ['no value, with a toJSON', () => withMessages({ value: undefined, toJSON: () => 'shown' })],
  ['a value that is a number', () => withMessages({ value: 5 })],
  ['undefined for a message', () => withMessages({ value: 'a' }, undefined, { value: 'b' })],
  ['a list with holes', () => ({ topic: 'orders', messages: withHole({ value: 'a' }, { value: 'b' }) })],
  ['null for a message', () => withMessages(null)],
  ['text for a message', () => withMessages('a')],
  ...['value', 'key', 'headers', 'partition', 'timestamp'].map((field): [string, () => unknown] => [
    `a getter that throws: ${field}`,
    () => withMessages({ value: 'a' }, throwing(field)),
  ]),
  [
    'a topic that throws',
    () => ({
      get topic() {
        throw new RangeError('no topic')
      },
      messages: [],
    }),
  ],
  ['no topic', () => ({ messages: [{ value: 'a' }] })],
  ['no messages', () => ({ topic: 'orders' })],
  ['undefined', () => undefined],
  ['null', () => null],
  ['text', () => 'orders'],
]

export const batches: [string, () => unknown][] = [
  [
    'a class with getters, read once',
    () =>
      new (class {
        #left = [withMessages({ value: 'a' }), { topic: 'other', messages: [{ value: 'b' }] }]
        get topicMessages() {
          return this.#left.splice(0)
        }
        get acks() {
          return 1
        }
      })(),
  ],
  [
    'records of a class',
    () => Object.freeze({ topicMessages: [new ClassRecord([]), withMessages({ value: 'a' })] }),
  ],
  [
    'a record of a class twice',
    () => ({ topicMessages: [withMessages(new FieldMessage()), withMessages(new ClassMessage('b'))] }),
  ],
  ['no records', () => ({})],
  ['a hole', () => ({ topicMessages: withHole(withMessages({ value: 'a' }), withMessages({ value: 'b' })) })],
  [
    'a record without messages',
    () => ({ topicMessages: [withMessages({ value: 'a' }), { topic: 'orders' }] }),
  ],
  ['null', () => null],
]
