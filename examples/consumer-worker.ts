/** A worker that processes orders until it is stopped. Each one is a span in the trace of the service that sent it. */
import { trace } from '@opentelemetry/api'
import { instrumentKafka } from 'kafka-iam-otel'
import { Kafka } from 'kafkajs'
import { brokers, connectionOf, startTelemetry, untilStopped } from './set-up.ts'

const telemetry = startTelemetry('orders-worker')
const { sasl, ...connection } = connectionOf('worker')
const kafka = instrumentKafka(new Kafka({ clientId: 'orders-worker', brokers, sasl, ...connection }))
const consumer = kafka.consumer({ groupId: process.env['GROUP_ID'] ?? 'orders-worker' })
const stopped = untilStopped()

try {
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      // Spans that start here are children of the process span.
      await trace.getTracer('worker').startActiveSpan('ship order', async (span) => {
        console.log(`order at ${partition}:${message.offset} shipped`)
        span.end()
      })
    },
  })
  console.log('processing orders; Ctrl-C stops')
  await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }))
} finally {
  await consumer.disconnect()
  sasl.close()
  await telemetry.shutdown()
}
