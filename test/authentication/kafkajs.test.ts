import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, instrumentKafka } from '../../src/index.ts'
import { refusal, scriptedBroker } from '../support/scripted-broker.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterAll(() => telemetry.stop())
test('try', async () => {
  await using broker = await scriptedBroker({
    authenticate: ({ number }) =>
      number === 2
        ? refusal('[0a1b2c3d-0000-1111-2222-333344445555]: Access denied')
        : { sessionLifetimeMs: 10500 },
  })
  const connection = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'x' },
    name: 'a',
  })
  const kafka = instrumentKafka(
    new Kafka({
      clientId: 'orders',
      brokers: [broker.address],
      ...connection,
      ssl: false,
      logLevel: logLevel.NOTHING,
    }),
  )
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ value: 'a' }, { value: 'b' }] })
  await new Promise((r) => setTimeout(r, 700))
  await producer
    .send({ topic: 'orders', messages: [{ value: 'a' }] })
    .catch((e) => console.log(e, e.failure, e.cause?.failure))
  await producer
    .send({ topic: 'orders', messages: [{ value: 'a' }] })
    .catch((e) => console.log(e, e.failure, e.cause?.failure))
  await producer.disconnect()
  for (const s of telemetry.spans())
    console.log(
      s.name,
      s.spanContext().spanId,
      s.parentSpanContext?.spanId,
      s.attributes,
      s.status,
      s.links.length,
    )
  console.log(connection.sasl.inspect(), await telemetry.metricNames(), broker.produced)
  connection.sasl.close()
  expect(1).toBe(1)
})
