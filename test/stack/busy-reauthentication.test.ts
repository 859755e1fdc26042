import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { apiKeyOf, SASL_AUTHENTICATE } from '../../src/authentication/kafka-frame.ts'
import { createMskIamConnection, type SocketFactoryArgs } from '../../src/index.ts'
import { broker, region, ssl } from './support/places.ts'
import { messagesIn } from './support/read-back.ts'
import { credentialsOf } from './support/run.ts'

const REAUTHENTICATIONS = 4
/** While it is compressed, a session can become due. */
const large = {
  topic: 'orders',
  compression: CompressionTypes.GZIP,
  messages: [{ value: 'tea and biscuits, '.repeat(20_000) }],
}

test('the broker takes twenty sends at a time through re-authentications, on the connections that there are', async () => {
  // Due after 2 s, as kafkajs counts.
  setFault('short-session', { principal: 'orders-service' })
  const connection = createMskIamConnection({
    region,
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
  })
  let [opened, tokens] = [0, 0]
  const socketFactory = (args: SocketFactoryArgs) => {
    opened += 1
    const socket = connection.socketFactory(args)
    const { write } = socket
    socket.write = (chunk: Buffer, ...rest: unknown[]) => {
      if (apiKeyOf(chunk) === SASL_AUTHENTICATE) tokens += 1
      return Reflect.apply(write, socket, [chunk, ...rest])
    }
    return socket
  }
  const config = { brokers: [broker], ...connection, socketFactory, logLevel: logLevel.NOTHING }
  const producer = new Kafka({ ...config, retry: { retries: 0 } }).producer()
  onTestFinished(async () => {
    clearFault()
    await producer.disconnect()
    connection.sasl.close()
  })
  const before = await messagesIn('orders')
  await producer.connect()
  await producer.send(large)
  const [openedFirst, tokensFirst] = [opened, tokens]
  let sent = 1
  const sending = Array.from({ length: 20 }, async () => {
    while (tokens < tokensFirst + REAUTHENTICATIONS) {
      await producer.send(large)
      sent += 1
    }
  })
  await Promise.all(sending)
  expect(opened).toBe(openedFirst)
  expect((await messagesIn('orders')) - before).toBe(sent)
}, 60_000)
