import { Kafka, logLevel, type ProducerRecord } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import { createMskIamConnection, KafkaPublisher } from '../../src/index.ts'
import { startSandbox } from '../../src/testing/index.ts'

test('a publisher whose kafkajs gets copies of the messages, as from dd-trace, sends each message, and nothing else', async () => {
  const { producer } = Kafka.prototype
  vi.spyOn(Kafka.prototype, 'producer').mockImplementation(function (this: Kafka, config) {
    const created = Reflect.apply(producer, this, [config])
    const { send } = created
    created.send = (record: ProducerRecord) =>
      send({ ...record, messages: record.messages.map((message) => ({ ...message, headers: {} })) })
    return created
  })
  await using sandbox = await startSandbox({ topics: { orders: 3 } })
  await using publisher = new KafkaPublisher({
    ...createMskIamConnection({ region: sandbox.region, credentials: sandbox.credentials }),
    brokers: sandbox.brokers,
    ssl: false,
    kafka: { logLevel: logLevel.NOTHING },
  })
  await publisher.connect()
  const results = await publisher.publish(
    ['a', 'b', 'c'].map((value) => ({ topic: 'orders', key: value, value })),
  )
  expect(results.map(({ ok }) => ok)).toEqual([true, true, true])
  expect(
    sandbox
      .messages('orders')
      .map(({ value }) => String(value))
      .sort(),
  ).toEqual(['a', 'b', 'c'])
})
