/**
 * Orders in, invoices out, exactly once: the invoices and the offsets of the orders are committed together, or not at all.
 * Whoever reads the invoices with `readUncommitted: false` (kafkajs's default) sees none of an aborted transaction.
 */
import { once } from 'node:events'
import { instrumentKafka, KafkaPublisher } from 'kafka-iam-otel'
import { Kafka } from 'kafkajs'
import { brokers, connectionOf, report, startTelemetry, untilStopped } from './set-up.ts'

const { GROUP_ID = 'invoices', INSTANCE = '0' } = process.env
const telemetry = startTelemetry('invoice-service')
const { sasl, ...connection } = connectionOf('invoices')
// The id belongs to this instance: another process with the same one would take over.
const publisher = new KafkaPublisher({
  clientId: 'invoice-service',
  brokers,
  sasl,
  ...connection,
  transactionalId: `orders-invoices-${INSTANCE}`,
})
const kafka = instrumentKafka(new Kafka({ clientId: 'invoice-service', brokers, sasl, ...connection }))
const consumer = kafka.consumer({ groupId: GROUP_ID })
const stopped = untilStopped(consumer)

try {
  await publisher.connect()
  await publisher.ensureTopics([{ topic: 'orders-invoices', numPartitions: 3 }])
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { topic, partition, messages, lastOffset } }) => {
      const next = String(BigInt(messages.at(-1)?.offset ?? lastOffset()) + 1n)
      await publisher.transaction(async (transaction) => {
        await transaction.publish(
          messages.map(({ key, value, headers = {} }) => ({
            topic: 'orders-invoices',
            key,
            value: `invoice for ${value}`,
            // The invoice belongs to the trace of its order.
            headers: { traceparent: headers['traceparent']?.toString() },
          })),
        )
        await transaction.sendOffsets({
          consumerGroupId: GROUP_ID,
          topics: [{ topic, partitions: [{ partition, offset: next }] }],
        })
      })
      console.log(`${messages.length} invoices of partition ${partition} committed`)
    },
  })
  console.log('writing invoices; Ctrl-C stops')
  if (!stopped.aborted) await once(stopped, 'abort')
} catch (error) {
  report('could not start', error)
  process.exitCode = 1
} finally {
  await consumer.disconnect()
  await publisher.disconnect()
  sasl.close()
  await telemetry.shutdown()
}
