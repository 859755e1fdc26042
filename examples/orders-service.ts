/**
 * A service that publishes orders to Kafka until it is stopped.
 *
 * Its telemetry goes to OTEL_EXPORTER_OTLP_ENDPOINT (default http://localhost:4318). Without further settings it talks
 * to the local stack (npm run stack:up). For MSK set KAFKA_BROKERS and AWS_REGION, and give it an identity as you would
 * any AWS client. ORDERS_PER_SECOND (default 1) sets its pace.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createMskIamConnection, instrumentKafka } from 'kafka-iam-otel'
import { Kafka, Partitioners } from 'kafkajs'

const { KAFKA_BROKERS, AWS_REGION = 'eu-west-1', ORDERS_PER_SECOND = '1' } = process.env

// The local stack has test identities and a certificate of its own; MSK needs neither.
const local = KAFKA_BROKERS === undefined
if (local) useTestIdentity('orders-service')

const telemetry = new NodeSDK({
  resource: resourceFromAttributes({
    'service.name': 'orders-service',
    // Without it the workers of one host collide in the metrics.
    'service.instance.id': `${hostname()}-${process.pid}`,
  }),
  // By default NodeSDK puts a random service.instance.id in the place of this one. OTEL_SERVICE_NAME and
  // OTEL_RESOURCE_ATTRIBUTES still come first.
  resourceDetectors: [hostDetector, envDetector],
})
telemetry.start()

const { sasl, ...connection } = createMskIamConnection({
  region: AWS_REGION,
  name: 'orders',
  ...(local ? { ssl: { ca: readFileSync('stack/.state/certs/ca.pem', 'utf8') } } : {}),
})
const kafka = instrumentKafka(
  new Kafka({
    clientId: 'orders-service',
    brokers: KAFKA_BROKERS?.split(',') ?? ['localhost:9098'],
    sasl,
    ...connection,
  }),
)
const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())

try {
  await producer.connect()
  console.log('publishing orders; Ctrl-C stops')
  for (let order = 1; !stopping.signal.aborted; order += 1) {
    await publish(order)
    await sleep(1000 / Number(ORDERS_PER_SECOND), undefined, { signal: stopping.signal }).catch(
      () => undefined,
    )
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

/** Every error that passes through kafka-iam-otel carries its code and its cure. */
function report(what: string, error: unknown): void {
  const { message, failure } = error as Error & { failure?: { code: string; hint: string } }
  console.error(`${what}: ${message}${failure ? `\n  ${failure.code}: ${failure.hint}` : ''}`)
}

function useTestIdentity(principal: string): void {
  const identities = JSON.parse(readFileSync('stack/identities.json', 'utf8')) as {
    principal: string
    accessKeys: { accessKeyId: string; secretAccessKey: string }[]
  }[]
  const key = identities.find((identity) => identity.principal === principal)?.accessKeys[0]
  process.env['AWS_ACCESS_KEY_ID'] ??= key?.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] ??= key?.secretAccessKey
}
