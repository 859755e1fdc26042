/** The trace goes on where the other end is Python: confluent-kafka, and OpenTelemetry's own W3C propagator. */
import { Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, instrumentKafka, type MskIamSasl } from '../../src/index.ts'
import { installPython, runPython } from './python/run.ts'
import { jaeger } from './support/jaeger.ts'
import { broker, region, ssl } from './support/places.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { until } from './support/until.ts'

let run: Run
let sasl: MskIamSasl
let kafka: Kafka
let python: string

beforeAll(async () => {
  installPython()
  run = startRun('interop')
  python = `${run.service}-python`
  const connection = createMskIamConnection({
    region,
    name: 'interop',
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
  })
  sasl = connection.sasl
  kafka = instrumentKafka(new Kafka({ clientId: run.service, brokers: [broker], ...connection }))
})

afterAll(async () => {
  sasl?.close()
  await run?.stop()
})

/** Name, service and parent's name of each span of the one trace that has a span of this name. */
async function traceWith(operation: string, spans: number): Promise<string[]> {
  return until(`${spans} spans in the trace of ${operation}`, async () => {
    const found = await jaeger(run.service, { operation })
    if (found.length < spans) return undefined
    expect(new Set(found.map(({ traceId }) => traceId)).size).toBe(1)
    const nameOf = (id: string | undefined) => found.find(({ spanId }) => spanId === id)?.name
    return found
      .map(({ name, service, parentId }) => `${name} by ${service} under ${nameOf(parentId)}`)
      .sort()
  })
}

test('from Node to Python', async () => {
  const topic = `orders-to-python-${run.id}`
  const producer = kafka.producer()
  await producer.connect()
  try {
    await producer.send({ topic, messages: [{ value: 'tea' }, { value: 'coffee' }] })
  } finally {
    await producer.disconnect()
  }
  expect(await runPython(python, 'consume', topic, '2')).toEqual(['0', '1'])
  const processed = `process ${topic} by ${python} under send ${topic}`
  expect(await traceWith(`send ${topic}`, 3)).toEqual([
    processed,
    processed,
    `send ${topic} by ${run.service} under undefined`,
  ])
})

test('from Python to Node', async () => {
  const topic = `orders-from-python-${run.id}`
  await runPython(python, 'produce', topic)
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 })
  const handled: string[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => void handled.push(String(message.value)) })
    await until('the message', () => handled.length === 1)
  } finally {
    await consumer.disconnect()
  }
  expect(handled).toEqual(['tea'])
  expect(await traceWith(`process ${topic}`, 2)).toEqual([
    `process ${topic} by ${run.service} under send ${topic}`,
    `send ${topic} by ${python} under undefined`,
  ])
})
