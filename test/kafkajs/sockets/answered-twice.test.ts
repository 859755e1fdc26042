import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamSasl, type SocketFactoryArgs } from '../../../src/index.ts'
import { observedSocketFactory } from '../../../src/kafkajs/sockets/observed-socket.ts'
import { mendedSockets } from '../../../src/kafkajs/sockets/socket-factory.ts'
import { answeringBroker } from '../../support/answering-broker.ts'
import { jumpOfSessions } from '../../support/jump-of-sessions.ts'

/** Keeps the answer to the last SaslHandshake, to give it once more. */
function repeatingSockets() {
  const below = observedSocketFactory()
  let repeat: () => void = () => undefined
  const socketFactory = (args: SocketFactoryArgs) => {
    const socket = below(args)
    let handshake: number | undefined
    const write = socket.write
    socket.write = ((...given: unknown[]) => {
      const request = given[0] as Buffer
      if (request.readInt16BE(4) === 17) handshake = request.readInt32BE(8)
      return Reflect.apply(write, socket, given)
    }) as typeof write
    socket.prependListener('data', (data: Buffer) => {
      if (data.readInt32BE(4) === handshake) repeat = () => socket.emit('data', data)
    })
    return socket
  }
  return { socketFactory, repeat: () => repeat() }
}

test('a handshake that is answered twice does not keep a re-authentication from its end', async () => {
  await using broker = await answeringBroker({
    authenticate: ({ number }) =>
      number === 1 ? { sessionLifetimeMs: 11_000 } : { fault: { kind: 'delay', ms: 100 } },
  })
  const { socketFactory, repeat } = repeatingSockets()
  const mended = mendedSockets(socketFactory)
  let tokens = 0
  const sasl = createMskIamSasl({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
  })
  const producer = new Kafka({
    brokers: [broker.address],
    sasl,
    socketFactory: (args: SocketFactoryArgs) => {
      const socket = mended(args)
      const write = socket.write
      socket.write = ((...given: unknown[]) => {
        const result: boolean = Reflect.apply(write, socket, given)
        // The first exchange has one, the second one has the token and what asks for the answer to it.
        if ((given[0] as Buffer).readInt16BE(4) === 36 && ++tokens === 3) repeat()
        return result
      }) as typeof write
      return socket
    },
    reauthenticationThreshold: 10_000,
    requestTimeout: 1_000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  } as never).producer()
  onTestFinished(async () => {
    await producer.disconnect()
    sasl.close()
  })
  await producer.connect()
  const send = (key: string) => producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
  await send('first')
  jumpOfSessions(1)
  await send('second')
  expect(tokens).toBe(3)
  expect(broker.keys('orders')).toEqual(['first', 'second'])
}, 20_000)
