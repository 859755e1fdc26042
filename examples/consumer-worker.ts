/**
 * A worker that processes orders until it is stopped. Each one is a span in the trace of the service that sent it.
 * SECONDS_PER_ORDER (default 0) is the time that an order takes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { instrumentKafka } from 'kafka-iam-otel'
import { Kafka } from 'kafkajs'
import { brokers, connectionOf, startTelemetry, untilStopped } from './set-up.ts'

const { SECONDS_PER_ORDER = '0' } = process.env
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
        await sleep(1000 * Number(SECONDS_PER_ORDER), undefined, { signal: stopped }).catch(() => undefined)
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
