import {
  Kafka,
  type KafkaConfig,
  KafkaJSError,
  KafkaJSNonRetriableError,
  logLevel,
  Partitioners,
} from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMskIamConnection, instrumentProducer, KafkaPublisher } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let sandbox: Sandbox
let connection: Omit<KafkaConfig, 'logLevel' | 'retry'> & { brokers: string[] }
let config: KafkaConfig
let close: () => void
beforeAll(async () => {
  sandbox = await startSandbox({ topics: { orders: 1 } })
  const { region, credentials, brokers } = sandbox
  const iam = createMskIamConnection({ region, credentials })
  close = iam.sasl.close
  connection = { ...iam, brokers: [...brokers], ssl: false }
  config = { ...connection, logLevel: logLevel.NOTHING, retry: { retries: 0 } }
})
afterAll(async () => {
  close()
  await sandbox.close()
})

let telemetry: Telemetry
beforeEach(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.stop())

/** Each series with its count: what was sent, and what became of it. */
async function sentMessages(): Promise<Record<string, unknown>> {
  const points = await telemetry.points('messaging.client.sent.messages')
  return Object.fromEntries(
    points.map(({ attributes, value }) => [
      [attributes['messaging.destination.name'], attributes['error.type']].filter(Boolean).join(' '),
      value,
    ]),
  )
}

async function failedSends(): Promise<(readonly unknown[])[]> {
  const points = await telemetry.points('messaging.client.operation.duration')
  return points.map(({ attributes }) => [attributes['messaging.destination.name'], attributes['error.type']])
}

const connected = async (options = {}) => {
  const producer = instrumentProducer(
    new Kafka(config).producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options }),
  )
  await producer.connect()
  return { producer, [Symbol.asyncDispose]: () => producer.disconnect() }
}

describe('a message that kafkajs refuses before it sends anything', () => {
  const refused: Record<string, unknown> = {
    'has no value': { topic: 'orders', messages: [{ key: 'a' }] },
    'has a value that is a number': { topic: 'orders', messages: [{ value: 1 }] },
    'has a header that is a date': {
      topic: 'orders',
      messages: [{ value: 'tea', headers: { at: new Date() } }],
    },
    'is compressed by a codec that is not there': {
      topic: 'orders',
      compression: 4,
      messages: [{ value: 'tea' }],
    },
  }
  test.each(Object.entries(refused))('is not counted as sent where it %s', async (_, record) => {
    await using client = await connected()
    await expect(client.producer.send(record as never)).rejects.toThrow()
    expect(await sentMessages()).toEqual({})
    expect(await failedSends()).toEqual([['orders', '_OTHER']])
  })

  test('is not counted where the producer is disconnected', async () => {
    const { producer } = await connected()
    await producer.disconnect()
    await expect(producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })).rejects.toThrow(
      'disconnected',
    )
    expect(await sentMessages()).toEqual({})
  })

  test('is counted as long as a broker was asked: the topic that does not exist, the message that is too large', async () => {
    await using client = await connected()
    const value = 'x'.repeat(1_100_000)
    await expect(client.producer.send({ topic: 'orders', messages: [{ value }] })).rejects.toThrow()
    await expect(client.producer.send({ topic: 'nothing', messages: [{ value: 'a' }] })).rejects.toThrow()
    expect(await sentMessages()).toEqual({
      'orders MESSAGE_TOO_LARGE': 1,
      'nothing UNKNOWN_TOPIC_OR_PARTITION': 1,
    })
  })
})

const ILLEGAL = ['bad topic name!', 'a\nb', '..', 'x'.repeat(250), 'bücher', '']

test.each(ILLEGAL)('text that is no name of a topic is on no metric and no span: %j', async (topic) => {
  await using client = await connected()
  const { producer } = client
  const messages = [{ value: 'tea' }]
  await expect(producer.send({ topic, messages })).rejects.toThrow()
  await expect(producer.sendBatch({ topicMessages: [{ topic, messages }] })).rejects.toThrow()
  expect(await sentMessages()).toEqual({})
  expect(new Set((await failedSends()).map(([name]) => name))).toEqual(new Set([undefined]))
  const sends = telemetry.spans().filter(({ name }) => name.startsWith('send'))
  expect(sends.map(({ name, attributes }) => [name, attributes['messaging.destination.name']])).toEqual([
    ['send', undefined],
    ['send', undefined],
  ])
})

test('what a KafkaPublisher refuses is not counted as sent, and its topics are on no metric', async () => {
  await using publisher = new KafkaPublisher({
    ...connection,
    kafka: { logLevel: logLevel.NOTHING },
  } as never)
  await publisher.connect()
  const results = await publisher.publish([
    { topic: 'bad topic name!', value: 'tea' },
    { topic: 'orders', value: 1 as never },
    { topic: 'orders', value: 'tea' },
  ])
  expect(results.map(({ ok }) => ok)).toEqual([false, false, true])
  expect(await sentMessages()).toEqual({ orders: 1 })
})

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
/** As kafkajs wraps them. */
const asked: Record<string, unknown> = {
  'an answer of a broker that is too short': thrownBy(() => Buffer.alloc(2).readInt32BE(0)),
  'an answer of a broker that ends early': thrownBy(() => Buffer.alloc(12).readInt32BE(10)),
  'a partition without a leader': new KafkaJSError('Invalid partition metadata'),
  'a broker that names no versions': new KafkaJSNonRetriableError('API Versions not supported'),
}
test.each(Object.entries(asked))('a message that failed by %s is counted', async (_, cause) => {
  const send = (_: unknown) =>
    Promise.reject(Object.assign(new KafkaJSNonRetriableError('failed'), { cause }))
  const producer = instrumentProducer({ connect: async () => undefined, send })
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'tea' }] } as never)).rejects.toThrow()
  expect(await sentMessages()).toEqual({ 'orders _OTHER': 1 })
})
