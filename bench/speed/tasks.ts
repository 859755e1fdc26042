/** What is done over and over again, by whom. */
import type { SASLOptions } from 'kafkajs'
import { client, start } from './clients.ts'
import { BROKER, MemoryBroker, TOPIC } from './memory-broker.ts'
import { ancestor, oursIn } from './places.ts'
import { batchOf, MESSAGES_IN_BATCH } from './records.ts'
import type { Spans } from './sdk.ts'

export type TaskName = 'hit' | 'send' | 'batch' | 'handle' | 'publish' | 'commit' | 'authenticate'

export type Who = 'bare' | 'ancestor' | 'peer' | 'ours'

/** Who does it, in a process of its own. */
export interface Contender {
  readonly who: Who
  readonly task: TaskName
  readonly sdk: boolean
  /** The messages have the headers of an instrumented producer from the start. */
  readonly headers: boolean
  /** Where the built package of ours is. */
  readonly folder: string
}

export interface Task {
  run(times: number): Promise<void>
  readonly spans?: Spans
  /** Before this one is warmed up. */
  readonly first?: { run(times: number): Promise<void>; readonly times: number }
  readonly warmUp: number
}

const VALUE = JSON.stringify({ order: 1, item: 'tea', quantity: 1 })
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const BATCH = 100
/** Answers in microtasks never let the event loop turn; messages, since each may be a span that waits to be exported. */
const MESSAGES_PER_TURN = 32
/** Less, and a send still costs twice as much. */
const SENDS_TO_WARM_UP = 45_000

export const tasks: Record<TaskName, (contender: Contender) => Promise<Task>> = {
  hit,
  send: async (contender) => sending(contender, 1),
  batch: async (contender) => sending(contender, BATCH),
  handle,
  publish,
  commit,
  authenticate,
}

const signer = {
  generateAuthToken: async () => ({ token: 'a'.repeat(1_200), expiryTime: Date.now() + 43_200_000 }),
}

async function hit(contender: Contender): Promise<Task> {
  start(contender)
  const provider = await tokenProvider(contender)
  await provider()
  return {
    warmUp: 1_000_000,
    async run(times) {
      for (let time = 0; time < times; time += 1) await provider()
    },
  }
}

async function tokenProvider({ who, folder }: Contender): Promise<() => Promise<unknown>> {
  const options = { region: 'eu-west-1', signer }
  if (who === 'ours') return (await oursIn(folder)).createMskIamSasl(options).oauthBearerProvider
  if (who === 'ancestor') return (await ancestor()).createMskIamSasl(options).oauthBearerProvider
  const token = { value: 'a token' }
  return async () => token
}

async function sending(contender: Contender, messages: number): Promise<Task> {
  const { kafka, spans } = await client(contender)
  const producer = kafka.producer()
  await producer.connect()
  // New ones for each send: the peer writes headers into them.
  const message = contender.headers
    ? () => ({ key: 'order-1', value: VALUE, headers: { traceparent: TRACEPARENT } })
    : () => ({ key: 'order-1', value: VALUE })
  const of = (count: number) => (times: number) =>
    inTurns(times, count, () =>
      producer.send({ topic: TOPIC, messages: Array.from({ length: count }, message) }),
    )
  const single = { run: of(1), times: SENDS_TO_WARM_UP }
  return messages === 1
    ? { run: single.run, warmUp: SENDS_TO_WARM_UP, spans }
    : { run: of(messages), first: single, warmUp: 1_500, spans }
}

async function inTurns(times: number, messages: number, work: () => Promise<unknown>): Promise<void> {
  const inTurn = Math.max(1, Math.floor(MESSAGES_PER_TURN / messages))
  for (let time = 1; time <= times; time += 1) {
    await work()
    if (time % inTurn === 0) await turn()
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Messages that a consumer's `eachMessage` handles, each with the trace context of an instrumented producer. */
async function handle(contender: Contender): Promise<Task> {
  const broker = new MemoryBroker({ records: { batch: await batchOf(), messages: MESSAGES_IN_BATCH } })
  const { kafka, spans } = await client(contender, broker, { enforceRequestTimeout: false })
  const consumer = kafka.consumer({ groupId: 'bench', heartbeatInterval: 600_000, sessionTimeout: 3_600_000 })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  let [left, done] = [0, () => {}]
  await consumer.run({
    autoCommit: false,
    async eachMessage() {
      left -= 1
      if (left % MESSAGES_PER_TURN === 0) await turn()
      if (left === 0) done()
    },
  })
  return {
    spans,
    warmUp: SENDS_TO_WARM_UP,
    run(times) {
      const delivered = Math.max(1, Math.round(times / MESSAGES_IN_BATCH)) * MESSAGES_IN_BATCH
      left = delivered
      broker.deliver(delivered)
      return new Promise((resolve) => {
        done = resolve
      })
    },
  }
}

/** One message of `KafkaPublisher`; the others send it with an idempotent producer. */
async function publish(contender: Contender): Promise<Task> {
  const { who, folder } = contender
  const broker = new MemoryBroker()
  const message = () => ({ topic: TOPIC, key: 'order-1', value: VALUE, headers: {} })
  if (who === 'ours') {
    const { kafkajs, spans } = start(contender)
    const { KafkaPublisher } = await oursIn(folder)
    const { socketFactory } = broker
    const kafka = { logLevel: kafkajs.logLevel.NOTHING }
    const publisher = new KafkaPublisher({
      brokers: [BROKER],
      clientId: 'bench',
      ssl: false,
      kafka,
      socketFactory,
    })
    await publisher.connect()
    const run = (times: number) => inTurns(times, 1, () => publisher.publish([message()]))
    return { run, warmUp: SENDS_TO_WARM_UP, spans }
  }
  const { kafka, spans } = await client(contender, broker)
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  const run = (times: number) =>
    inTurns(times, 1, () => producer.send({ topic: TOPIC, messages: [message()] }))
  return { run, warmUp: SENDS_TO_WARM_UP, spans }
}

async function commit(contender: Contender): Promise<Task> {
  const { kafka, spans } = await client(contender, undefined, { enforceRequestTimeout: false })
  const consumer = kafka.consumer({ groupId: 'bench', heartbeatInterval: 600_000, sessionTimeout: 3_600_000 })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined })
  await joined
  let offset = 0
  const commitOne = () => {
    offset += 1
    return consumer.commitOffsets([{ topic: TOPIC, partition: 0, offset: String(offset) }])
  }
  return { run: (times) => inTurns(times, 1, commitOne), warmUp: SENDS_TO_WARM_UP, spans }
}

/** A send that authenticates again, since its session has as little left as kafkajs's threshold. */
async function authenticate(contender: Contender): Promise<Task> {
  const broker = new MemoryBroker({ sessionMs: 9_000 })
  const sasl = (await saslOf(contender)) as SASLOptions
  const { kafka, spans } = await client(contender, broker, { sasl })
  const producer = kafka.producer()
  await producer.connect()
  const message = () => ({ key: 'order-1', value: VALUE })
  const send = () => producer.send({ topic: TOPIC, messages: [message()] })
  return { run: (times) => inTurns(times, 1, send), warmUp: 15_000, spans }
}

/** What is bare and the peer have the ancestor's cache. */
async function saslOf({ who, folder }: Contender): Promise<object> {
  const options = { region: 'eu-west-1', signer }
  return who === 'ours'
    ? (await oursIn(folder)).createMskIamSasl(options)
    : (await ancestor()).createMskIamSasl(options)
}
