/**
 * A worker as many are: it does not listen to kafkajs's CRASH, and answers requests too, so that it lives on when its
 * consumer has ended. The one of examples/ ends itself.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { instrumentKafka } from 'kafka-iam-otel'
import { Kafka } from 'kafkajs'
import { brokers, connectionOf, startTelemetry, untilStopped } from '../examples/set-up.ts'

const telemetry = startTelemetry('orders-worker')
const { sasl, ...connection } = connectionOf('worker')
const kafka = instrumentKafka(new Kafka({ clientId: 'orders-worker', brokers, sasl, ...connection }))
const consumer = kafka.consumer({ groupId: process.env['GROUP_ID'] ?? 'orders-worker' })
const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
const stopped = untilStopped()

await consumer.connect()
await consumer.subscribe({ topic: 'orders', fromBeginning: true })
await consumer.run({
  eachMessage: async ({ partition, message }) =>
    console.log(`order at ${partition}:${message.offset} shipped`),
})
if (!stopped.aborted) await once(stopped, 'abort')
server.close()
await consumer.disconnect()
sasl.close()
await telemetry.shutdown()
