import { randomUUID } from 'node:crypto'
import { CompressionTypes, Kafka, logLevel, type Producer, type ProducerConfig } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { createMskIamConnection, instrumentKafka, type SocketFactoryArgs } from '../../src/index.ts'
import { broker, region, ssl } from './support/places.ts'
import { endOf, readBack } from './support/read-back.ts'
import { credentialsOf } from './support/run.ts'
import { deleteTopics, withAdmin } from './support/topics.ts'

const PREFIX = 'orders-busy-'
const REAUTHENTICATIONS = 4

beforeAll(() => deleteTopics(PREFIX))
afterEach(() => clearFault())
afterAll(() => deleteTopics(PREFIX))

async function newTopic(): Promise<string> {
  const topic = `${PREFIX}${randomUUID().slice(0, 8)}`
  await withAdmin((admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false }),
  )
  return topic
}

/** kafkajs on our sockets, with sessions that are due every 2 s. */
function client() {
  setFault('short-session', { principal: 'orders-service' })
  const connection = createMskIamConnection({
    region,
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
  })
  let opened = 0
  const socketFactory = (args: SocketFactoryArgs) => {
    opened += 1
    return connection.socketFactory(args)
  }
  const config = { brokers: [broker], ...connection, socketFactory, logLevel: logLevel.NOTHING }
  onTestFinished(() => connection.sasl.close())
  return { kafka: instrumentKafka(new Kafka(config)), opened: () => opened }
}

/** A connected producer, and how often it has begun to authenticate. */
async function producerOf(kafka: Kafka, config: ProducerConfig) {
  const producer = kafka.producer(config)
  onTestFinished(() => producer.disconnect())
  let exchanges = 0
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'SaslHandshake') exchanges += 1
  })
  await producer.connect()
  return { producer, exchanges: () => exchanges }
}

const large = (topic: string, key: string) => ({
  topic,
  // While it is compressed, a session can become due.
  compression: CompressionTypes.GZIP,
  messages: [{ key, value: 'tea and biscuits, '.repeat(20_000) }],
})

/** Sends twenty at a time; the keys of the sends that resolved. */
async function sendUntil(done: () => boolean, producer: Producer, topic: string) {
  const [sent, failed] = [[] as string[], [] as unknown[]]
  let next = 0
  const sending = Array.from({ length: 20 }, async () => {
    while (!done()) {
      const key = String(next++)
      await producer.send(large(topic, key)).then(
        () => sent.push(key),
        (error: unknown) => failed.push(error),
      )
    }
  })
  await Promise.all(sending)
  return { sent, failed }
}

async function keysIn(topic: string): Promise<string[]> {
  const from = (await endOf(topic)).map(({ partition }) => ({ partition, offset: '0' }))
  return (await readBack(topic, from)).map(({ key }) => key)
}

test.each([1, 2, 3, undefined])(
  'the broker takes twenty sends at a time through re-authentications, each once, on the connections that there are, with at most %s requests in flight',
  async (limit) => {
    const topic = await newTopic()
    const { kafka, opened } = client()
    const limits = limit === undefined ? {} : { maxInFlightRequests: limit }
    const { producer, exchanges } = await producerOf(kafka, limits)
    await producer.send(large(topic, 'first'))
    const [openedFirst, last] = [opened(), exchanges() + REAUTHENTICATIONS]
    const { sent, failed } = await sendUntil(() => exchanges() >= last, producer, topic)
    expect(failed).toEqual([])
    expect(opened()).toBe(openedFirst)
    expect((await keysIn(topic)).toSorted()).toEqual(['first', ...sent].toSorted())
  },
  90_000,
)

test('a token that is refused under twenty sends costs no message, and stores none twice', async () => {
  const topic = await newTopic()
  const { kafka } = client()
  const { producer, exchanges } = await producerOf(kafka, {})
  await producer.send(large(topic, 'first'))
  let refused = false
  const [first, last] = [exchanges() + 1, exchanges() + REAUTHENTICATIONS]
  const { sent, failed } = await sendUntil(
    () => {
      // As soon as one send has failed of it, tokens are taken again.
      if (exchanges() >= first && !refused) {
        refused = true
        setFault('deny', { principal: 'orders-service' })
        setTimeout(() => setFault('short-session', { principal: 'orders-service' }), 3_000)
      }
      return exchanges() >= last
    },
    producer,
    topic,
  )
  const stored = await keysIn(topic)
  expect(failed.length).toBeGreaterThan(0)
  expect(new Set(stored).size).toBe(stored.length)
  expect(sent.filter((key) => !stored.includes(key))).toEqual([])
}, 90_000)

test('transactions and the consumer of their topic go through re-authentications, and each message is handled once', async () => {
  const topic = await newTopic()
  const { kafka } = client()
  const { producer, exchanges } = await producerOf(kafka, {
    transactionalId: `busy-${topic}`,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  const consumer = kafka.consumer({ groupId: `busy-${topic}` })
  onTestFinished(() => consumer.disconnect())
  const handled: string[] = []
  const wanted = Promise.withResolvers<void>()
  let [sent, done] = [0, false]
  const check = () => {
    if (done && handled.length >= sent) wanted.resolve()
  }
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      handled.push(String(message.key))
      check()
    },
  })
  const last = exchanges() + REAUTHENTICATIONS
  while (exchanges() < last) {
    const transaction = await producer.transaction()
    const sends = Array.from({ length: 10 }, () => transaction.send(large(topic, String(sent++))))
    await Promise.all(sends)
    await transaction.commit()
  }
  done = true
  check()
  await wanted.promise
  expect(handled.toSorted()).toEqual(Array.from({ length: sent }, (_, key) => String(key)).toSorted())
}, 90_000)
