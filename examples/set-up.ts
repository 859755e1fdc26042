/**
 * What every example needs: OpenTelemetry's SDK, and the connection.
 *
 * Telemetry goes to OTEL_EXPORTER_OTLP_ENDPOINT (default http://localhost:4318). Without further settings the examples
 * talk to the local stack (npm run stack:up). For MSK set KAFKA_BROKERS and AWS_REGION, and give the process an identity
 * as you would any AWS client.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createMskIamConnection } from 'kafka-iam-otel'
import type { Consumer } from 'kafkajs'

const { KAFKA_BROKERS, AWS_REGION = 'eu-west-1' } = process.env
// The local stack has test identities and a certificate of its own; MSK needs neither.
const local = KAFKA_BROKERS === undefined

export const brokers = KAFKA_BROKERS?.split(',') ?? ['localhost:9098']

/** Without a collector the service works as well; so its end reports what could not be sent, and does not fail with it. */
export function startTelemetry(serviceName: string): { shutdown(): Promise<void> } {
  const telemetry = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      // Without it the workers of one host collide in the metrics.
      'service.instance.id': `${hostname()}-${process.pid}`,
    }),
    // By default NodeSDK puts a random service.instance.id in the place of this one. OTEL_SERVICE_NAME and
    // OTEL_RESOURCE_ATTRIBUTES still come first.
    resourceDetectors: [hostDetector, envDetector],
  })
  telemetry.start()
  return { shutdown: () => telemetry.shutdown().catch((error) => report('telemetry not sent', error)) }
}

/** To spread into `new Kafka({…})` or `new KafkaPublisher({…})`; close its `sasl` at the end. */
export function connectionOf(name: string) {
  if (local) useTestIdentity('orders-service')
  return createMskIamConnection({
    region: AWS_REGION,
    name,
    ...(local ? { ssl: { ca: readFileSync('stack/.state/certs/ca.pem', 'utf8') } } : {}),
  })
}

/**
 * Aborted by Ctrl-C, by SIGTERM, and where kafkajs has given up the consumer, as after a denial: it does not start it
 * again, so this process ends with 1 and whoever supervises it starts another.
 */
export function untilStopped(consumer?: Consumer): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  consumer?.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    report(restart ? 'the consumer crashed and starts again' : 'the consumer has ended', error)
    if (restart) return
    process.exitCode = 1
    stopping.abort()
  })
  return stopping.signal
}

/** Every error that passes through kafka-iam-otel carries its code and its cure. */
export function report(what: string, error: unknown): void {
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
