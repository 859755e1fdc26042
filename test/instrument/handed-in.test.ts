import { AsyncLocalStorage } from 'node:async_hooks'
import {
  Kafka,
  logLevel,
  type Message,
  type Producer,
  type ProducerBatch,
  type ProducerRecord,
} from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createMskIamConnection, instrumentProducer } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { batches, ClassRecord, records } from './support/handed-in.ts'
import { oddBatches, oddRecords } from './support/odd-input.ts'

let sandbox: Sandbox
let bare: Producer
let close: () => Promise<void>
const partitioner = vi.fn()
const storage = new AsyncLocalStorage<string>()

beforeAll(async () => {
  sandbox = await startSandbox({ brokers: 1, topics: { orders: 2, other: 1 } })
  const { region, credentials, brokers } = sandbox
  const { sasl, ...connection } = createMskIamConnection({ region, credentials })
  const config = {
    brokers,
    sasl,
    ...connection,
    ssl: false,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }
  const createPartitioner = () => partitioner
  bare = new Kafka(config).producer({ createPartitioner })
  await bare.connect()
  close = async () => {
    await bare.disconnect()
    sasl.close()
    await sandbox.close()
  }
})
afterAll(() => close())

/** What becomes of a call: its answer or error, what the broker stored, what the partitioner saw. */
async function outcomeOf(call: () => Promise<unknown>) {
  const before = { orders: sandbox.messages('orders').length, other: sandbox.messages('other').length }
  const seen: unknown[] = []
  partitioner.mockImplementation(({ message }: { message: Message & { tenant?: string } }) => {
    const { key, value, partition, tenant } = message
    seen.push([key, value, tenant, 'tenant' in message, message.constructor?.name, storage.getStore()])
    return partition ?? 0
  })
  const answer = await storage.run("the caller's", call).then(
    (answers) =>
      (answers as { topicName: string; partition: number; errorCode: number }[]).map(
        ({ topicName, partition, errorCode }) => [topicName, partition, errorCode],
      ),
    ({ name, message, type, code, retriable }) => ({ name, message, type, code, retriable }),
  )
  const stored = (['orders', 'other'] as const).flatMap((topic) =>
    sandbox
      .messages(topic)
      .slice(before[topic])
      .map(({ key, value, headers, partition }) => ({
        topic,
        partition,
        key: key && String(key),
        value: value && String(value),
        headers: headers
          .filter(([name]) => name !== 'traceparent')
          .map(([name, header]) => [name, header && String(header)]),
      })),
  )
  return { answer, stored, seen }
}

describe.each([true, false])(
  'with an SDK: %s, what is handed to an instrumented producer is taken as by kafkajs:',
  (sdk) => {
    let telemetry: Telemetry | undefined
    let instrumented: Producer
    beforeAll(() => {
      if (sdk) telemetry = startTelemetry()
      instrumented = instrumentProducer(bare)
    })
    afterAll(() => telemetry?.stop())

    test.each([...records, ...oddRecords])('send, %s', async (_, make) => {
      const [given, same] = [make(), make()] as [ProducerRecord, ProducerRecord]
      const expected = await outcomeOf(() => bare.send(given))
      expect(await outcomeOf(() => instrumented.send(same))).toEqual(expected)
      if (given instanceof ClassRecord && same instanceof ClassRecord)
        expect(same.reads.sort()).toEqual(given.reads.sort())
    })

    test.each([...batches, ...oddBatches])('sendBatch, %s', async (_, make) => {
      const expected = await outcomeOf(() => bare.sendBatch(make() as ProducerBatch))
      expect(await outcomeOf(() => instrumented.sendBatch(make() as ProducerBatch))).toEqual(expected)
    })
  },
)
