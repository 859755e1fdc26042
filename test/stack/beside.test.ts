import { type Consumer, type ConsumerRunConfig, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, instrumentKafka, type MskIamSasl } from '../../src/index.ts'
import { OtherInstrumentation } from '../beside/support/kafkajs-instrumentation.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { broker, region, ssl } from './support/places.ts'
import { credentialsOf } from './support/run.ts'
import { createTopic, deleteTopics } from './support/topics.ts'

const prefix = 'orders-beside-'
let telemetry: Telemetry
let other: OtherInstrumentation
let sasl: MskIamSasl
let kafka: Kafka
let producer: Producer
let consumer: Consumer | undefined

beforeAll(async () => {
  await deleteTopics(prefix)
  telemetry = startTelemetry()
  other = new OtherInstrumentation()
  const connection = createMskIamConnection({
    region,
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
  })
  sasl = connection.sasl
  kafka = instrumentKafka(new Kafka({ brokers: [broker], ...connection, logLevel: logLevel.NOTHING }))
  producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: `${prefix}${process.pid}`,
  })
  await producer.connect()
})
afterEach(async () => {
  await consumer?.disconnect()
  telemetry.clear()
})
afterAll(async () => {
  await producer?.disconnect()
  await deleteTopics(prefix)
  sasl?.close()
  other?.disable()
  await telemetry?.stop()
})

const spans = () =>
  telemetry
    .spans()
    .map(({ name, instrumentationScope }) => `${instrumentationScope.name}: ${name}`)
    .filter((line) => !line.includes('msk_iam.connect') && !/token|authenticate|commit/.test(line))
const sumOf = async (metric: string, topic: string) => {
  const points = await telemetry.points(metric, { 'messaging.destination.name': topic })
  return points.reduce((sum, { value }) => sum + (value as number), 0)
}

async function consume(topic: string, config: (done: () => void) => ConsumerRunConfig): Promise<void> {
  consumer = kafka.consumer({ groupId: topic, heartbeatInterval: 500, maxWaitTimeInMs: 500 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const { promise, resolve } = Promise.withResolvers<void>()
  await consumer.run(config(resolve))
  await promise
  // It waits for the handler that runs.
  await consumer.stop()
}

test("beside OpenTelemetry's instrumentation: a transaction and what consumes it, message by message", async () => {
  const topic = `${prefix}message-${process.pid}`
  await createTopic(topic, 1)
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] })
  await transaction.commit()
  const handled: string[] = []
  await consume(topic, (done) => ({
    eachMessage: async ({ message }) => {
      handled.push(String(message.value))
      if (handled.length === 2) done()
    },
  }))
  expect(handled).toEqual(['a', 'b'])
  expect(spans()).toEqual([
    `kafka-iam-otel: send ${topic}`,
    'kafka-iam-otel: msk_iam.transaction',
    `kafka-iam-otel: process ${topic}`,
    `kafka-iam-otel: process ${topic}`,
  ])
  expect(await sumOf('messaging.client.sent.messages', topic)).toBe(2)
  expect(await sumOf('messaging.client.consumed.messages', topic)).toBe(2)
})

test("beside OpenTelemetry's instrumentation: a batch has one process span", async () => {
  const topic = `${prefix}batch-${process.pid}`
  await createTopic(topic, 1)
  await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] })
  await consume(topic, (done) => ({ eachBatch: async () => done() }))
  expect(spans()).toEqual([`kafka-iam-otel: send ${topic}`, `kafka-iam-otel: process ${topic}`])
  expect(await sumOf('messaging.client.consumed.messages', topic)).toBe(3)
})
