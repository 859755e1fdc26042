import fc, { type Arbitrary } from 'fast-check'
import { message } from './generate-values.ts'
import type { CallStep, Program, Step, Value } from './program.ts'

/** Programs for the real broker: transactions, and a consumer that is paused, sought back and committed for. */

interface Written {
  readonly steps: readonly Step[]
  /** How many messages a consumer will see of it. */
  readonly messages: number
}

const PRODUCER = 0
const CONSUMER = 1

const call = (
  client: number,
  method: string,
  args: readonly Value[] = [],
  on: CallStep['on'] = 'client',
): Step => ({
  do: 'call',
  client,
  on,
  method,
  args,
})

const plain = fc.record(
  {
    value: fc.constantFrom<Value>('one', 'two', null, { $: 'bytes', hex: 'ff00' }),
    key: fc.constantFrom<Value>('a', 'b', null),
    headers: fc.constantFrom<Value>({ source: 'text' }, {}, { $: 'instance', of: { source: 'text' } }),
  },
  { requiredKeys: ['value'] },
)
const messages = fc.array(plain, { minLength: 1, maxLength: 3 })

const sendIn = (on: CallStep['on']): Arbitrary<Written> =>
  fc.tuple(messages, fc.boolean()).map(([list, batch]) => {
    const record = { topic: 'orders', messages: list } as Value
    const step = batch
      ? call(PRODUCER, 'sendBatch', [{ topicMessages: [record] }], on)
      : call(PRODUCER, 'send', [record], on)
    return { steps: [step], messages: list.length }
  })

const offsets: Value = {
  consumerGroupId: 'group',
  topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: '0' }] }],
}
const transaction: Arbitrary<Written> = fc
  .record({
    sends: fc.array(sendIn('transaction'), { maxLength: 3 }),
    offsets: fc.boolean(),
    ending: fc.constantFrom('commit', 'commit', 'abort'),
    after: fc.boolean(),
  })
  .map(({ sends, offsets: withOffsets, ending, after }) => ({
    steps: [
      call(PRODUCER, 'transaction'),
      ...sends.flatMap(({ steps }) => steps),
      ...(withOffsets ? [call(PRODUCER, 'sendOffsets', [offsets], 'transaction')] : []),
      call(PRODUCER, ending, [], 'transaction'),
      ...(after
        ? [call(PRODUCER, 'commit', [], 'transaction'), call(PRODUCER, 'isActive', [], 'transaction')]
        : []),
    ],
    messages: ending === 'commit' ? sends.reduce((sum, { messages }) => sum + messages, 0) : 0,
  }))

/** It may fail, and so only what it leaves in the topic is compared. */
const oddSend: Arbitrary<Written> = message.map((odd) => ({
  steps: [call(PRODUCER, 'send', [{ topic: 'payments', messages: [odd] }])],
  messages: 0,
}))

const position = (offset: string): Value => ({ topic: 'orders', partition: 0, offset })
const whileRunning = fc.constantFrom<readonly Step[]>(
  [
    call(CONSUMER, 'pause', [[{ topic: 'orders' }]]),
    call(CONSUMER, 'paused'),
    call(CONSUMER, 'resume', [[{ topic: 'orders' }]]),
  ],
  [call(CONSUMER, 'commitOffsets', [[position('1')]])],
  [call(CONSUMER, 'commitOffsets', [[{ topic: 'orders', partition: 0, offset: 'x' }]])],
  [call(CONSUMER, 'seek', [position('-5')])],
  [call(CONSUMER, 'pause', [[{ topic: '' }]])],
  [call(CONSUMER, 'describeGroup')],
  [],
)

const program = ({
  seed,
  writes,
  handler,
  does,
  autoCommit,
  running,
  seeks,
  perMessageSpans,
  shape,
}: {
  seed: number
  writes: readonly Written[]
  handler: string
  does: string
  autoCommit: boolean
  running: readonly (readonly Step[])[]
  seeks: boolean
  perMessageSpans: boolean
  shape: 'plain' | 'class'
}): Program => {
  const count = writes.reduce((sum, { messages }) => sum + messages, 0)
  const run: Value = { autoCommit, [handler]: { $: 'callback', name: handler, does } }
  return {
    seed,
    cluster: { brokers: 1, topics: { orders: 1, payments: 1 } },
    kafka: { retries: 5, requestTimeout: 10_000, perMessageSpans },
    clients: [
      {
        kind: 'producer',
        shape,
        options: { transactionalId: 'tx', idempotent: true, maxInFlightRequests: 1 },
      },
      { kind: 'consumer', shape, options: { groupId: 'group', maxWaitTimeInMs: 100 } },
    ],
    steps: [
      call(PRODUCER, 'connect'),
      call(CONSUMER, 'connect'),
      ...writes.flatMap(({ steps }) => steps),
      call(CONSUMER, 'subscribe', [{ topic: 'orders', fromBeginning: true }]),
      call(CONSUMER, 'run', [run]),
      { do: 'until', callback: handler, calls: count },
      ...running.flat(),
      ...(seeks && count > 0
        ? ([
            call(CONSUMER, 'seek', [position('0')]),
            { do: 'until', callback: handler, calls: 2 * count },
          ] as const)
        : []),
      call(CONSUMER, 'stop'),
    ],
  }
}

export const stackPrograms: Arbitrary<Program> = fc
  .record({
    seed: fc.nat(),
    writes: fc.array(fc.oneof(transaction, transaction, sendIn('client'), oddSend), {
      minLength: 1,
      maxLength: 4,
    }),
    handler: fc.constantFrom('eachMessage', 'eachBatch'),
    does: fc.constantFrom('nothing', 'returns a value'),
    autoCommit: fc.boolean(),
    running: fc.array(whileRunning, { maxLength: 2 }),
    seeks: fc.boolean(),
    perMessageSpans: fc.boolean(),
    shape: fc.constantFrom('plain', 'plain', 'class') as Arbitrary<'plain' | 'class'>,
  })
  .map(program)
