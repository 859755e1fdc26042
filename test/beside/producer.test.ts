import { diag } from '@opentelemetry/api'
import { Kafka, type LogEntry, logLevel, type Producer, type ProducerRecord } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMskIamConnection, instrumentKafka, instrumentProducer } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { OtherInstrumentation } from './support/kafkajs-instrumentation.ts'

const LINE =
  'kafka-iam-otel: @opentelemetry/instrumentation-kafkajs is active too. Its spans and its message counts of ' +
  'instrumented clients are left out, in favor of those of kafka-iam-otel, and its producerHook and consumerHook are ' +
  'not called. Its messaging.client.operation.duration of each Kafka request is kept. To turn it off, set ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs.'

let telemetry: Telemetry
let sandbox: Sandbox
let kafka: Kafka
let other: OtherInstrumentation
let producer: Producer
const warnings: string[] = []
const log: LogEntry[] = []
const producerHook = vi.fn()

beforeAll(async () => {
  telemetry = startTelemetry()
  const quiet = () => undefined
  const warn = (line: string) => void warnings.push(line)
  diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet })
  other = new OtherInstrumentation({ producerHook })
  sandbox = await startSandbox({ topics: { orders: 2, invoices: 1, secret: 1 } })
  kafka = new Kafka({
    ...createMskIamConnection({ region: sandbox.region, credentials: sandbox.credentials }),
    brokers: [...sandbox.brokers],
    ssl: false,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.push(entry),
    retry: { initialRetryTime: 10, retries: 1 },
  })
})
beforeEach(async () => {
  producer = instrumentKafka(kafka).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  telemetry.clear()
})
afterEach(async () => {
  await producer.disconnect()
  sandbox.faults.clear()
})
afterAll(async () => {
  other.disable()
  diag.disable()
  await sandbox.close()
  await telemetry.stop()
})

const names = () => telemetry.spans().map(({ name }) => name)
const scopes = () => new Set(telemetry.spans().map(({ instrumentationScope: { name } }) => name))
const counted = async (topic: string) => {
  const points = await telemetry.points('messaging.client.sent.messages', {
    'messaging.destination.name': topic,
  })
  return points.reduce((sum, { value }) => sum + (value as number), 0)
}
const requests = async (name: string) => {
  const points = await telemetry.points('messaging.client.operation.duration', {
    'messaging.operation.name': name,
  })
  return points.reduce((sum, { value }) => sum + (value as { count: number }).count, 0)
}
const messages = (...values: string[]) => values.map((value) => ({ value }))
const record = (topic: string, ...values: string[]): ProducerRecord => ({
  topic,
  messages: messages(...values),
})

describe("beside OpenTelemetry's instrumentation of kafkajs", () => {
  test('a send is one span, with its partition, and each message is counted once', async () => {
    const before = await counted('orders')
    const given = {
      topic: 'orders',
      messages: [
        { partition: 1, value: 'a' },
        { partition: 1, value: 'b' },
      ],
    }
    await producer.send(given)
    expect(names()).toEqual(['send orders'])
    expect(scopes()).toEqual(new Set(['kafka-iam-otel']))
    expect(telemetry.spans()[0]?.attributes).toMatchObject({
      'messaging.batch.message_count': 2,
      'messaging.destination.partition.id': '1',
    })
    expect((await counted('orders')) - before).toBe(2)
    expect(given.messages).toEqual([
      { partition: 1, value: 'a' },
      { partition: 1, value: 'b' },
    ])
  })

  test('a sendBatch is one span, and each message is counted once', async () => {
    const before = [await counted('orders'), await counted('invoices')]
    await producer.sendBatch({ topicMessages: [record('orders', 'a', 'b'), record('invoices', 'c')] })
    expect(names()).toEqual(['send'])
    expect([await counted('orders'), await counted('invoices')]).toEqual([
      (before[0] as number) + 2,
      (before[1] as number) + 1,
    ])
  })

  test('a failed send has our code and hint on the span, and each message is counted once', async () => {
    const error: { failure?: { code: string } } = await producer
      .send({ topic: 'missing', messages: messages('a') })
      .then(
        () => ({}),
        (reason) => reason,
      )
    expect(error.failure?.code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(names()).toEqual(['send missing'])
    expect(telemetry.spans()[0]?.attributes['error.type']).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(telemetry.spans()[0]?.status.message).not.toBe('')
    expect(await counted('missing')).toBe(1)
  })

  test('the header is of our span, of a producer that was given by itself too', async () => {
    const alone = instrumentProducer(kafka.producer())
    await alone.connect()
    telemetry.clear()
    await alone.send(record('invoices', 'alone'))
    await alone.disconnect()
    const [span] = telemetry.spans()
    const { traceId, spanId } = span?.spanContext() ?? {}
    expect(sandbox.messages('invoices').at(-1)?.headers).toEqual([
      ['traceparent', Buffer.from(`00-${traceId}-${spanId}-01`)],
    ])
  })

  test('its duration of each Kafka request stays', async () => {
    const before = await requests('Produce')
    await producer.send(record('invoices', 'a'))
    // kafkajs emits the event of a request after the answer.
    await vi.waitFor(async () => expect((await requests('Produce')) - before).toBe(1))
  })

  test('a producer that nobody instruments keeps its spans, and the given one stays as it was', async () => {
    const plain = kafka.producer()
    const { send } = plain
    instrumentProducer(plain)
    expect(plain.send).toBe(send)
    await plain.connect()
    telemetry.clear()
    producerHook.mockClear()
    await plain.send(record('invoices', 'a', 'b'))
    await plain.disconnect()
    expect(scopes()).toEqual(new Set(['@opentelemetry/instrumentation-kafkajs']))
    expect(producerHook).toHaveBeenCalledTimes(2)
  })

  test('a method that is put over ours is called, and ours under it', async () => {
    const sent: string[] = []
    const { send } = producer
    producer.send = (given) => {
      sent.push(given.topic)
      return send(given)
    }
    await producer.send(record('invoices', 'a'))
    expect(sent).toEqual(['invoices'])
    expect(names()).toEqual(['send invoices'])
  })

  test('its hook is not called, which is said once: on diag and in the log of kafkajs', async () => {
    producerHook.mockClear()
    await producer.send(record('invoices', 'a'))
    expect(producerHook).not.toHaveBeenCalled()
    expect(warnings).toEqual([LINE])
    expect(log.map(({ log: { message } }) => message).filter((line) => line.includes('kafka-iam'))).toEqual([
      LINE,
    ])
  })
})
