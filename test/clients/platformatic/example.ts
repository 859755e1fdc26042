import { Producer, stringSerializers } from '@platformatic/kafka'
import { createMskIamSasl } from 'kafka-iam-otel'
import { startSandbox } from 'kafka-iam-otel/testing'

const sandbox = await startSandbox({ topics: { orders: 3 } })
const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })

const producer = new Producer({
  clientId: 'orders',
  bootstrapBrokers: sandbox.brokers,
  serializers: stringSerializers,
  sasl: { mechanism: 'OAUTHBEARER', token: async () => (await sasl.oauthBearerProvider()).value },
})
await producer.send({ messages: [{ topic: 'orders', key: 'order-1', value: 'tea' }] })
console.log(sandbox.messages('orders').map(({ value }) => value?.toString()))

await producer.close()
sasl.close()
await sandbox.close()
