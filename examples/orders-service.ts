/** A service that publishes orders with kafkajs until it is stopped. ORDERS_PER_SECOND (default 1) sets its pace. */
import { setTimeout as sleep } from 'node:timers/promises'
import { instrumentKafka } from 'kafka-iam-otel'
import { Kafka, Partitioners } from 'kafkajs'
import { brokers, connectionOf, report, startTelemetry, untilStopped } from './set-up.ts'

const { ORDERS_PER_SECOND = '1' } = process.env
const telemetry = startTelemetry('orders-service')
const { sasl, ...connection } = connectionOf('orders')
const kafka = instrumentKafka(new Kafka({ clientId: 'orders-service', brokers, sasl, ...connection }))
const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
const stopped = untilStopped()

try {
  await producer.connect()
  console.log('publishing orders; Ctrl-C stops')
  for (let order = 1; !stopped.aborted; order += 1) {
    await publish(order)
    await sleep(1000 / Number(ORDERS_PER_SECOND), undefined, { signal: stopped }).catch(() => undefined)
  }
} catch (error) {
  report('could not connect', error)
  process.exitCode = 1
} finally {
  await producer.disconnect()
  sasl.close()
  await telemetry.shutdown()
}

async function publish(order: number): Promise<void> {
  try {
    await producer.send({
      topic: 'orders',
      messages: [{ key: `order-${order}`, value: JSON.stringify({ order, item: 'tea', quantity: 1 }) }],
    })
    console.log(`order ${order} published`)
  } catch (error) {
    report(`order ${order} not published`, error)
  }
}
