/** How fast the sandbox starts, and takes small messages from one kafkajs producer. Run: node bench/sandbox.ts */
import { Kafka, logLevel } from 'kafkajs'
import { createMskIamConnection } from '../src/index.ts'
import { startSandbox } from '../src/testing/index.ts'

const BATCHES = 500
const PER_BATCH = 200

const begun = performance.now()
const sandbox = await startSandbox({ topics: { orders: 1 } })
console.log(`started in ${(performance.now() - begun).toFixed(0)} ms`)
const { region, credentials, brokers } = sandbox
const { sasl, ...connection } = createMskIamConnection({ region, credentials })
const kafka = new Kafka({ brokers, sasl, ...connection, ssl: false, logLevel: logLevel.NOTHING })
const producer = kafka.producer()
await producer.connect()
const messages = Array.from({ length: PER_BATCH }, (_, number) => ({ value: `order ${number}` }))
await producer.send({ topic: 'orders', messages })
const started = performance.now()
for (let batch = 0; batch < BATCHES; batch += 1) await producer.send({ topic: 'orders', messages })
const seconds = (performance.now() - started) / 1000
console.log(`${Math.round((BATCHES * PER_BATCH) / seconds)} messages/s, ${PER_BATCH} in a batch`)
await producer.disconnect()
sasl.close()
await sandbox.close()
