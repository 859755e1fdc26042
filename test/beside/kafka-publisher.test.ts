import { diag } from '@opentelemetry/api'
import { type LogEntry, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, KafkaPublisher } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { OtherInstrumentation } from './support/kafkajs-instrumentation.ts'

let telemetry: Telemetry
let sandbox: Sandbox
let other: OtherInstrumentation
const warnings: string[] = []
const log: string[] = []

beforeAll(async () => {
  telemetry = startTelemetry()
  const quiet = () => undefined
  const warn = (line: string) => void warnings.push(line)
  diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet })
  other = new OtherInstrumentation()
  sandbox = await startSandbox({ topics: { orders: 3, invoices: 2 } })
})
afterAll(async () => {
  other.disable()
  diag.disable()
  await sandbox.close()
  await telemetry.stop()
})

test("a publisher beside OpenTelemetry's instrumentation of kafkajs: one span a publish, each message counted once", async () => {
  await using publisher = new KafkaPublisher({
    ...createMskIamConnection({ region: sandbox.region, credentials: sandbox.credentials }),
    brokers: sandbox.brokers,
    ssl: false,
    kafka: {
      logLevel: logLevel.WARN,
      logCreator: () => (entry: LogEntry) => log.push(entry.log.message),
    },
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
  const line = expect.stringMatching(
    /^kafka-iam-otel: @opentelemetry.*Its spans and its message counts .* are left out/,
  )
  expect(warnings).toEqual([line])
  expect(log).toEqual([line])
})
