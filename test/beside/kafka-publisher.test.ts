import { logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, KafkaPublisher } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { OtherInstrumentation } from './support/kafkajs-instrumentation.ts'

let telemetry: Telemetry
let sandbox: Sandbox
let other: OtherInstrumentation

beforeAll(async () => {
  telemetry = startTelemetry()
  other = new OtherInstrumentation()
  sandbox = await startSandbox({ topics: { orders: 3, invoices: 2 } })
})
afterAll(async () => {
  other.disable()
  await sandbox.close()
  await telemetry.stop()
})

test("a publisher beside OpenTelemetry's instrumentation of kafkajs: one span a publish, each message counted once", async () => {
  await using publisher = new KafkaPublisher({
    ...createMskIamConnection({ region: sandbox.region, credentials: sandbox.credentials }),
    brokers: sandbox.brokers,
    ssl: false,
    kafka: { logLevel: logLevel.NOTHING },
  })
  await publisher.connect()
  telemetry.clear()
  for (const publish of ['a', 'b', 'c', 'd', 'e']) {
    const results = await publisher.publish([
      { topic: 'orders', value: publish, key: '1' },
      { topic: 'orders', value: publish, key: '2' },
      { topic: 'invoices', value: publish },
    ])
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true])
  }
  const spans = telemetry.spans().filter(({ name }) => !name.startsWith('msk_iam.'))
  expect(spans.map(({ name }) => name)).toEqual(['send', 'send', 'send', 'send', 'send'])
  const points = await telemetry.points('messaging.client.sent.messages')
  expect(points.map(({ attributes, value }) => [attributes['messaging.destination.name'], value])).toEqual([
    ['orders', 10],
    ['invoices', 5],
  ])
  const produced = await telemetry.points('messaging.client.operation.duration', {
    'messaging.operation.name': 'Produce',
  })
  expect(produced).toHaveLength(1)
})
