import confluent from '@confluentinc/kafka-javascript'
import { createMskIamSasl } from 'kafka-iam-otel'
import { startSandbox } from 'kafka-iam-otel/testing'

const sandbox = await startSandbox({ topics: { orders: 3 } })
const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })

const { Kafka } = confluent.KafkaJS
const kafka = new Kafka({ kafkaJS: { clientId: 'orders', brokers: sandbox.brokers, sasl, ssl: false } })
const producer = kafka.producer()
await producer.connect()
await producer.send({ topic: 'orders', messages: [{ key: 'order-1', value: 'tea' }] })
console.log(sandbox.messages('orders').map(({ value }) => value?.toString()))

await producer.disconnect()
sasl.close()
await sandbox.close()
