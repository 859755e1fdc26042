import fc, { type Arbitrary } from 'fast-check'
import { SHAPES, type Value } from './program.ts'

/** Mostly the first; now and then what a caller should not give. */
export const mostly = (good: Arbitrary<Value>, odd: Arbitrary<Value>, weight = 12): Arbitrary<Value> =>
  fc.oneof({ arbitrary: good, weight }, { arbitrary: odd, weight: 1 })

export const value = (...values: readonly Value[]): Arbitrary<Value> => fc.constantFrom(...values)

const bytes = value({ $: 'bytes', hex: '6f72646572' }, { $: 'bytes', hex: '' }, { $: 'bytes', hex: 'ff00fe' })

/** Whatever is in the wrong place. */
export const odd: Arbitrary<Value> = fc.oneof(
  value(
    null,
    { $: 'undefined' },
    true,
    false,
    0,
    -1,
    1,
    2 ** 31,
    0.5,
    '',
    'text',
    [],
    {},
    [[]],
    [null],
    { $: 'number', is: 'NaN' },
    { $: 'number', is: 'Infinity' },
    { $: 'bigint', is: '1' },
    { $: 'symbol' },
    { $: 'date' },
    { $: 'map' },
    { $: 'cyclic' },
    { $: 'array bytes', hex: '6f72' },
    { $: 'callback', name: 'argument', does: 'nothing' },
  ),
  bytes,
)

/** An object that is plain, or frozen, or an instance of a class, …; or one of its fields throws. */
export function objectOf(plain: Arbitrary<Value>, fields: readonly string[]): Arbitrary<Value> {
  const shape = fc.constantFrom(...SHAPES)
  return fc.oneof(
    { arbitrary: plain, weight: 12 },
    { arbitrary: fc.record({ $: shape, of: plain }) as Arbitrary<Value>, weight: 4 },
    {
      arbitrary: fc.record({
        $: fc.constant('throwing'),
        field: fc.constantFrom(...fields),
        of: plain,
      }) as Arbitrary<Value>,
      weight: 1,
    },
  )
}

const headerValue = mostly(
  fc.oneof(value('text', '', 'ümläut'), bytes, value(['a', 'b'], ['a', { $: 'bytes', hex: '62' }])),
  odd,
  10,
)
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const headerName = fc.oneof(
  { arbitrary: fc.constantFrom('source', 'Content-Type', 'x'), weight: 12 },
  {
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'traceparent', 'Traceparent', 'baggage'),
    weight: 1,
  },
)
/** What is no text in a header of our name is replaced, also where kafkajs would have refused the message. */
const withTextInOurs = (headers: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) =>
      /^(traceparent|baggage)$/i.test(name) && typeof value !== 'string' ? [name, 'text'] : [name, value],
    ),
  )
const headers = mostly(
  objectOf(
    fc.oneof(
      {
        arbitrary: (
          fc.dictionary(headerName, headerValue, { maxKeys: 3 }) as Arbitrary<Record<string, Value>>
        ).map(withTextInOurs) as Arbitrary<Value>,
        weight: 8,
      },
      {
        arbitrary: value({ traceparent: TRACEPARENT }, { traceparent: [TRACEPARENT, TRACEPARENT] }),
        weight: 1,
      },
    ),
    ['source'],
  ),
  odd,
)

const key = mostly(fc.oneof(value('a', 'b', 'order-1', null), bytes), odd)
const text = mostly(fc.oneof(value('one', 'two', '', null), bytes), odd, 18)
const partition = mostly(value(0, 0, 1, 2), odd, 8)
const timestamp = mostly(value('1500000000000', '0'), odd, 8)

export const message: Arbitrary<Value> = mostly(
  objectOf(
    fc.record({ value: text, key, headers, partition, timestamp }, { requiredKeys: [] }).map((made) => ({
      value: 'one',
      ...made,
    })) as Arbitrary<Value>,
    ['value', 'key', 'headers', 'partition'],
  ),
  fc.oneof(odd, value({ $: 'hole' })),
  25,
)

const list = (of: Arbitrary<Value>, most: number): Arbitrary<Value> =>
  fc.oneof(
    { arbitrary: fc.array(of, { maxLength: most }) as Arbitrary<Value>, weight: 10 },
    {
      arbitrary: fc.record({
        $: fc.constantFrom('frozen', 'proxy', 'instance'),
        of: fc.array(of, { minLength: 1, maxLength: most }),
      }) as Arbitrary<Value>,
      weight: 1,
    },
  )

export const topic = mostly(value('orders', 'orders', 'orders', 'payments', 'unknown'), odd, 18)
const messages = mostly(list(message, 4), odd, 20)
const acks = mostly(value(-1, -1, 1, 0), odd, 8)
const timeout = mostly(value(100, 30_000), odd, 8)
const compression = mostly(value(0, 1), fc.oneof(odd, value(2, 3, 4, 7)), 6)

const record = objectOf(
  fc.record(
    { topic, messages, acks, timeout, compression },
    { requiredKeys: ['topic', 'messages'] },
  ) as Arbitrary<Value>,
  ['topic', 'messages', 'acks'],
)
const topicMessages = objectOf(fc.record({ topic, messages }) as Arbitrary<Value>, ['topic', 'messages'])
const batch = objectOf(
  fc.record(
    { topicMessages: mostly(list(topicMessages, 3), odd, 15), acks, timeout, compression },
    { requiredKeys: ['topicMessages'] },
  ) as Arbitrary<Value>,
  ['topicMessages', 'acks'],
)

export const sendArgument = mostly(record, odd, 20)
export const batchArgument = mostly(batch, odd, 20)
