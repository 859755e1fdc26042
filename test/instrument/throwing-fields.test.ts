import { Kafka, logLevel, type Message, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMskIamConnection, instrumentProducer } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let sandbox: Sandbox
let telemetry: Telemetry
let producer: Producer
let close: () => Promise<void>
let seen: string[][] = []

beforeAll(async () => {
  telemetry = startTelemetry()
  sandbox = await startSandbox({ topics: { orders: 1 } })
  const { region, credentials, brokers } = sandbox
  const connection = createMskIamConnection({ region, credentials })
  const kafka = new Kafka({
    ...connection,
    brokers,
    ssl: false,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  } as ConstructorParameters<typeof Kafka>[0])
  const createPartitioner =
    () =>
    ({ message }: { message: Message }) => {
      seen.push(Object.keys(message))
      return 0
    }
  producer = instrumentProducer(kafka.producer({ createPartitioner }))
  close = async () => {
    await producer.disconnect()
    connection.sasl.close()
    await sandbox.close()
    await telemetry.stop()
  }
})
afterAll(() => close())

/** A field that can be listed, and not read. */
const unreadable = (field: string): Message =>
  Object.defineProperty({ value: 'one' }, field, {
    enumerable: true,
    get() {
      throw new Error('not to be read')
    },
  })

describe('a message whose field throws when it is read', () => {
  it.each(['note', 'partition', 'timestamp'])(
    'is refused when kafkajs writes it, and a partitioner lists its %s',
    async (field) => {
      await producer.connect()
      seen = []

      const sent = producer.send({ topic: 'orders', messages: [{ value: 'two' }, unreadable(field)] })

      await expect(sent).rejects.toThrow('not to be read')
      expect(seen).toEqual([
        ['value', 'headers'],
        ['value', field, 'headers'],
      ])
      expect(sandbox.messages('orders')).toEqual([])
    },
  )
})
