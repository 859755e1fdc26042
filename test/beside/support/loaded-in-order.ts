/**
 * Run in a process of its own, with the steps in their order as arguments. Prints what a send of two messages records.
 */
import { createRequire } from 'node:module'
import { metrics, trace } from '@opentelemetry/api'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import type { Kafka, Producer } from 'kafkajs'
import { startSandbox } from '../../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts'

/** What `steps` have to be given as arguments. */
export type Step = keyof typeof steps

let kafkajs!: typeof import('kafkajs')
let ours!: typeof import('../../../src/index.ts')
let theirs: KafkaJsInstrumentation | undefined
let telemetry!: Telemetry
let kafka!: Kafka
let producer!: Producer

const sandbox = await startSandbox({ topics: { orders: 1 } })

const steps = {
  'their instrumentation': () => {
    theirs = new KafkaJsInstrumentation()
  },
  'their instrumentation, disabled': () => {
    theirs = new KafkaJsInstrumentation({ enabled: false })
  },
  'theirs enabled': () => theirs?.enable(),
  'theirs disabled': () => theirs?.disable(),
  'import kafkajs': async () => {
    kafkajs = await import('kafkajs')
  },
  'require kafkajs': () => {
    kafkajs = createRequire(import.meta.url)('kafkajs')
  },
  'our package': async () => {
    ours = await import('../../../src/index.ts')
  },
  'SDK started': () => {
    telemetry = startTelemetry()
    theirs?.setTracerProvider(trace.getTracerProvider())
    theirs?.setMeterProvider(metrics.getMeterProvider())
  },
  'our client': () => {
    const { region, credentials, brokers } = sandbox
    const connection = ours.createMskIamConnection({ region, credentials })
    const config = { ...connection, brokers: [...brokers], ssl: false, logLevel: kafkajs.logLevel.NOTHING }
    kafka = ours.instrumentKafka(new kafkajs.Kafka(config))
  },
  'our producer': () => {
    producer = kafka.producer()
  },
}

for (const step of process.argv.slice(2)) await steps[step as Step]()
const { prototype } = kafkajs.Kafka as unknown as { prototype: { producer: { __wrapped?: boolean } } }
await producer.connect()
telemetry.clear()
await producer.send({ topic: 'orders', messages: [{ value: 'a' }, { value: 'b' }] })
await producer.disconnect()
const points = await telemetry.points('messaging.client.sent.messages')
console.log(
  JSON.stringify({
    theirsIsActive: prototype.producer.__wrapped === true,
    spans: telemetry.spans().map(({ name, instrumentationScope }) => `${instrumentationScope.name}: ${name}`),
    sentMessages: points.map(({ value }) => value),
  }),
)
await sandbox.close()
await telemetry.stop()
