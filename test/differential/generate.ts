import fc, { type Arbitrary } from 'fast-check'
import { PARTITIONERS } from './callbacks.ts'
import { stackPrograms } from './generate-stack.ts'
import { batchArgument, mostly, odd, sendArgument, topic, value } from './generate-values.ts'
import { PROBES } from './probes.ts'
import type { CallStep, ClientSettings, Program, Step, Value } from './program.ts'

const client = fc.constantFrom(0, 0, 0, 1, 2)
const how = fc.oneof(
  { arbitrary: fc.constant('method'), weight: 8 },
  { arbitrary: fc.constantFrom('detached', 'spread'), weight: 1 },
) as Arbitrary<NonNullable<CallStep['how']>>

/** Calls of a method; each of the arguments is one of those given. */
const call = (
  methods: readonly string[],
  args: readonly Arbitrary<Value>[],
  on: NonNullable<CallStep['on']> = 'client',
): Arbitrary<Step> =>
  fc.record({
    do: fc.constant('call' as const),
    client,
    on: fc.constant(on),
    method: fc.constantFrom(...methods),
    args: fc.tuple(...args),
    how,
  }) as Arbitrary<Step>

const topics = mostly(value([{ topic: 'orders', numPartitions: 3 }, { topic: 'new' }], []), odd)
const adminCalls = fc.oneof(
  call(['listTopics', 'describeCluster', 'listGroups'], []),
  call(
    ['fetchTopicMetadata', 'createTopics', 'deleteTopics', 'createPartitions'],
    [mostly(fc.record({ topics: fc.oneof(topics, value(['orders'])) }) as Arbitrary<Value>, odd, 6)],
  ),
  call(['fetchTopicOffsets'], [topic]),
  call(['fetchOffsets'], [mostly(value({ groupId: 'group', topics: ['orders'] }), odd, 4)]),
)

const position = mostly(value({ topic: 'orders', partition: 0, offset: '0' }), odd, 4)
const consumerCalls = fc.oneof(
  call(
    ['subscribe'],
    [mostly(value({ topic: 'orders' }, { topics: ['orders', 'payments'], fromBeginning: true }), odd, 4)],
  ),
  call(
    ['pause', 'resume'],
    [mostly(value([{ topic: 'orders' }], [{ topic: 'orders', partitions: [0] }]), odd, 4)],
  ),
  call(['seek'], [position]),
  call(['commitOffsets'], [mostly(fc.array(position, { maxLength: 2 }) as Arbitrary<Value>, odd, 4)]),
  call(
    ['run'],
    [mostly(value({ eachMessage: { $: 'callback', name: 'eachMessage', does: 'nothing' } }, {}), odd, 3)],
  ),
  call(['paused', 'stop', 'describeGroup'], []),
)

const transactionCalls = fc.oneof(
  call(['transaction'], []),
  call(['send'], [sendArgument], 'transaction'),
  call(['sendBatch'], [batchArgument], 'transaction'),
  call(['commit', 'abort', 'isActive'], [], 'transaction'),
  call(['sendOffsets'], [mostly(value({ consumerGroupId: 'group', topics: [] }), odd, 2)], 'transaction'),
)

const METHODS = ['send', 'sendBatch', 'connect', 'disconnect', 'transaction', 'on', 'logger', 'isIdempotent']
const member = fc.constantFrom(
  ...METHODS,
  'events',
  'run',
  'commitOffsets',
  'listTopics',
  'nothing',
  'constructor',
  'toString',
)
const replace: Arbitrary<Step> = fc.record({
  do: fc.constant('replace' as const),
  client,
  method: fc.constantFrom(...METHODS, 'run', 'subscribe', 'listTopics'),
  how: fc.constantFrom('assign', 'assign', 'define', 'getter', 'constant', 'delete', 'freeze', 'seal'),
})
const inspect: Arbitrary<Step> = fc.record({
  do: fc.constant('inspect' as const),
  client,
  probe: fc.constantFrom(...Object.keys(PROBES)),
  member,
})
const listen: Arbitrary<Step> = fc.record({
  do: fc.constant('listen' as const),
  client,
  event: fc.constantFrom('CONNECT', 'REQUEST', 'DISCONNECT', 'bad event'),
  listener: fc.constantFrom('records', 'throws', 'rejects'),
})
const small = fc.oneof(
  call(['isIdempotent', 'logger', 'nothing'], []),
  call(['info', 'error', 'setLogLevel', 'namespace'], [value('text', 1)], 'logger'),
  call(['on'], [odd, odd]),
)

const faults: Arbitrary<Step> = fc
  .record({
    effect: fc.constantFrom<object>(
      { connection: 'close' },
      { connection: 'reset' },
      { connection: 'close', afterBytes: 9 },
      { connection: 'loseAcknowledgement' },
      { errorCode: 6 },
      { errorCode: 7 },
      { errorCode: 29 },
      { errorCode: 41 },
      { delayMs: 5 },
    ),
    on: fc.constantFrom('Produce', 'Produce', 'Metadata', 'ApiVersions', 'SaslHandshake', 'InitProducerId'),
    times: fc.constantFrom(1, 1, 1, 2, 50),
    after: fc.constantFrom(0, 0, 1),
  })
  .map(({ effect, ...scope }) => ({ do: 'fault' as const, fault: { ...effect, ...scope } }))
const authenticationFaults: Arbitrary<Step> = fc
  .record({
    effect: fc.constantFrom<object>(
      { refuse: 'Access denied' },
      { refuse: 'Too many connects' },
      { refuse: 'Invalid authentication payload' },
      { connection: 'close' },
      { connection: 'reset' },
      { delayMs: 5 },
      { expireAfterMs: 0 },
    ),
    times: fc.constantFrom(1, 1, 1, 2, 50),
  })
  .map(({ effect, times }) => ({ do: 'fault' as const, fault: { ...effect, times } }))
const hang: Arbitrary<Step> = fc
  .constantFrom('Produce', 'Metadata')
  .map((on) => ({ do: 'fault' as const, fault: { connection: 'hang', on, times: 1 } }))
const brokers = fc.oneof(
  fc.record({
    do: fc.constant('moveLeader' as const),
    topic: fc.constant('orders'),
    partition: fc.constantFrom(0, 1, 2),
    broker: fc.constantFrom(0, 1, 2),
  }),
  fc.constant({ do: 'mend' as const }),
  fc.constant({ do: 'expireSessions' as const }),
) as Arbitrary<Step>

const single: Arbitrary<Step> = fc.oneof(
  { arbitrary: call(['connect'], []), weight: 6 },
  { arbitrary: call(['disconnect'], []), weight: 2 },
  { arbitrary: call(['send'], [sendArgument]), weight: 22 },
  { arbitrary: call(['sendBatch'], [batchArgument]), weight: 10 },
  { arbitrary: transactionCalls, weight: 3 },
  { arbitrary: adminCalls, weight: 5 },
  { arbitrary: consumerCalls, weight: 4 },
  { arbitrary: replace, weight: 4 },
  { arbitrary: inspect, weight: 6 },
  { arbitrary: listen, weight: 2 },
  { arbitrary: small, weight: 2 },
  { arbitrary: faults, weight: 5 },
  { arbitrary: authenticationFaults, weight: 1 },
  { arbitrary: hang, weight: 0 },
  { arbitrary: brokers, weight: 2 },
)
const parallel: Arbitrary<Step> = fc
  .array(single, { minLength: 2, maxLength: 4 })
  .map((steps) => ({ do: 'parallel' as const, steps }))
const step = fc.oneof({ arbitrary: single, weight: 15 }, { arbitrary: parallel, weight: 1 })

const partitioner = fc.record({
  $: fc.constant('callback' as const),
  name: fc.constant('partitioner'),
  does: fc.constantFrom('default', 'first', 'by key', ...PARTITIONERS),
})
const producerOptions = mostly(
  fc.record(
    {
      idempotent: value(true, false),
      maxInFlightRequests: value(1, 2, 5),
      createPartitioner: partitioner as Arbitrary<Value>,
      transactionalId: value('tx'),
      allowAutoTopicCreation: value(true, false),
      retry: value({ retries: 0 }, { retries: 1 }, { retries: 2 }),
    },
    { requiredKeys: [] },
  ) as Arbitrary<Value>,
  odd,
  25,
)
const consumerOptions = mostly(
  value({ groupId: 'group', retry: { retries: 0 } }),
  fc.oneof(odd, value({})),
  6,
)
const shape = fc.constantFrom<ClientSettings['shape']>(
  'plain',
  'plain',
  'plain',
  'plain',
  'plain',
  'frozen',
  'class',
  'subclass',
)
const clientSettings = (kind: ClientSettings['kind'], options: Arbitrary<Value>): Arbitrary<ClientSettings> =>
  fc.record({ kind: fc.constant(kind), options, shape })

const producer = clientSettings('producer', producerOptions)
const anyClient = fc.oneof(
  { arbitrary: producer, weight: 3 },
  { arbitrary: clientSettings('admin', mostly(value({}, { $: 'undefined' }), odd, 8)), weight: 3 },
  { arbitrary: clientSettings('consumer', consumerOptions), weight: 2 },
)
const clients = fc.oneof(
  { arbitrary: fc.tuple(producer), weight: 4 },
  { arbitrary: fc.tuple(producer, anyClient), weight: 3 },
  { arbitrary: fc.tuple(anyClient, producer, anyClient), weight: 1 },
)
const connectFirst: Step = { do: 'call', client: 0, method: 'connect', args: [] }

/** Programs for the sandbox. Most of them connect first. */
const programs: Arbitrary<Program> = fc.record({
  seed: fc.nat(),
  cluster: fc.record(
    {
      brokers: fc.constantFrom(1, 1, 2, 3),
      topics: fc.constant({ orders: 3, payments: 1 }),
      sessionSeconds: fc.constantFrom(1, 3600, 3600, 3600),
    },
    { requiredKeys: ['brokers', 'topics'] },
  ),
  kafka: fc.record(
    {
      retries: fc.constantFrom(0, 1, 1, 2),
      requestTimeout: fc.constantFrom(400, 1000),
      debug: fc.constantFrom(false, false, false, false, true),
      deadSeed: fc.constantFrom(false, false, false, true),
      perMessageSpans: fc.constantFrom(false, false, true),
    },
    { requiredKeys: ['retries', 'requestTimeout'] },
  ),
  clients,
  steps: fc
    .tuple(fc.constantFrom(true, true, true, false), fc.array(step, { minLength: 1, maxLength: 9 }))
    .map(([connects, steps]) => (connects ? [connectFirst, ...steps] : steps)),
})

/** The program of a number: always the same one. */
export const programOf = (seed: number, place: 'sandbox' | 'stack' = 'sandbox'): Program =>
  fc.sample(programsFor(place), { seed, numRuns: 1 })[0] as Program

export const programsFor = (place: 'sandbox' | 'stack'): Arbitrary<Program> =>
  place === 'stack' ? stackPrograms : programs
