import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection } from '../../src/index.ts'
import { answeringBroker } from '../support/answering-broker.ts'

const REAUTHENTICATIONS = 60

// kafkajs alone has its connection closed at every tenth re-authentication; it then knows no broker any more, and some
// sends end with a TypeError.
test('sends at the same time as re-authentications all arrive, on one connection', {
  timeout: 60_000,
}, async () => {
  await using broker = await answeringBroker({
    // Due after 50 ms, as kafkajs counts.
    authenticate: () => ({ sessionLifetimeMs: 10_050 }),
    reauthenticationIntervalMs: 0,
  })
  const { sasl, ...connection } = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
  })
  const config = { brokers: [broker.address], sasl, ...connection, ssl: false, logLevel: logLevel.NOTHING }
  const producer = new Kafka({ ...config, retry: { retries: 0 } }).producer()
  onTestFinished(async () => {
    await producer.disconnect()
    sasl.close()
  })
  await producer.connect()
  let sent = 0
  const sending = Array.from({ length: 20 }, async () => {
    while (broker.exchanges.length <= REAUTHENTICATIONS) {
      await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
      sent += 1
    }
  })
  await Promise.all(sending)
  expect(broker.published('orders')).toBe(sent)
  expect(new Set(broker.exchanges.map(({ connection }) => connection))).toEqual(new Set([1]))
})
