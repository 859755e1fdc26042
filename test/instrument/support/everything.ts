import { Kafka, logLevel } from 'kafkajs'
import { createMskIamConnection, instrumentKafka, KafkaPublisher } from '../../../src/index.ts'
import { startSandbox } from '../../../src/testing/index.ts'

/** What a service does, and what it gets: nothing in it may depend on whether anybody listens. */
export async function everything() {
  await using sandbox = await startSandbox({ brokers: 2, topics: { orders: 3, other: 1 } })
  const { region, credentials, brokers } = sandbox
  const { sasl, ...connection } = createMskIamConnection({ region, credentials })
  const config = { brokers, sasl, ...connection, ssl: false }
  const kafka = instrumentKafka(new Kafka({ ...config, logLevel: logLevel.NOTHING, retry: { retries: 1 } }))
  const producer = kafka.producer()
  await producer.connect()
  const value = 'tea'
  const sent = await producer.send({ topic: 'orders', messages: [{ value, partition: 1 }] })
  const batch = await producer.sendBatch({
    topicMessages: ['orders', 'other'].map((topic) => ({ topic, messages: [{ value, partition: 0 }] })),
  })
  const failed = await producer
    .send({ topic: 'orders', messages: [{ value: 'x'.repeat(1_100_000), partition: 0 }] })
    .catch((error) => [error.name, error.message, error.failure])
  await producer.disconnect()
  await using publisher = new KafkaPublisher({ ...config, kafka: { logLevel: logLevel.NOTHING } })
  await publisher.connect()
  const published = await publisher.publish([
    { topic: 'orders', value, partition: 2 },
    { topic: 'other', value: 'x'.repeat(1_100_000) },
    { topic: 'other', value: {} as never },
  ])
  sasl.close()
  return {
    sent,
    batch: batch
      .map(({ topicName, partition, baseOffset }) => `${topicName}/${partition}:${baseOffset}`)
      .sort(),
    failed,
    published: published.map(({ error, ...result }) => [result, error?.message]),
    stored: ['orders', 'other'].map((topic) =>
      sandbox.messages(topic).map((message) => String(message.value)),
    ),
    authentications: sandbox.authentications.map(({ kind, outcome }) => [kind, outcome]),
  }
}
