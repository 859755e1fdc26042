/**
 * A worker that processes orders until it is stopped. Each one is a span in the trace of the service that sent it.
 * SECONDS_PER_ORDER (default 0) is the time that an order takes; with REJECT_ORDERS=true none can be shipped.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { instrumentKafka } from 'kafka-iam-otel'
import { Kafka } from 'kafkajs'
import { brokers, connectionOf, report, startTelemetry, untilStopped } from './set-up.ts'

const { SECONDS_PER_ORDER = '0', REJECT_ORDERS } = process.env

class OrderRejected extends Error {}

const telemetry = startTelemetry('orders-worker')
const { sasl, ...connection } = connectionOf('worker')
const kafka = instrumentKafka(new Kafka({ clientId: 'orders-worker', brokers, sasl, ...connection }))
const consumer = kafka.consumer({ groupId: process.env['GROUP_ID'] ?? 'orders-worker' })
const stopped = untilStopped(consumer)

try {
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (REJECT_ORDERS === 'true')
        throw new OrderRejected(`order at ${partition}:${message.offset} rejected`)
      // Spans that start here are children of the process span.
      await trace.getTracer('worker').startActiveSpan('ship order', async (span) => {
        await sleep(1000 * Number(SECONDS_PER_ORDER), undefined, { signal: stopped }).catch(() => undefined)
        console.log(`order at ${partition}:${message.offset} shipped`)
        span.end()
      })
    },
  })
  console.log('processing orders; Ctrl-C stops')
  if (!stopped.aborted) await once(stopped, 'abort')
} catch (error) {
  report('could not start', error)
  process.exitCode = 1
} finally {
  await consumer.disconnect()
  sasl.close()
  await telemetry.shutdown()
}
