import type { Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, type SocketFactoryArgs } from '../../src/index.ts'
import { answeringBroker } from '../support/answering-broker.ts'

const credentials = { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' }

// A service that counts bytes, or a tool that shows what comes.
test.each(['before', 'after'] as const)(
  'a listener that a service adds to a socket %s kafkajs hears every answer, and kafkajs misses none',
  async (when) => {
    await using broker = await answeringBroker({
      // Due at once, as kafkajs counts.
      authenticate: () => ({ sessionLifetimeMs: 10_000 }),
      reauthenticationIntervalMs: 0,
    })
    let heard = 0
    const listen = (socket: Socket) => socket.on('data', () => (heard += 1))
    const { sasl, socketFactory, ...connection } = createMskIamConnection({
      region: 'eu-west-1',
      credentials,
    })
    const tapped = (args: SocketFactoryArgs) => {
      const socket: Socket = socketFactory({
        ...args,
        onConnect: () => {
          if (when === 'after') listen(socket)
          args.onConnect()
        },
      })
      if (when === 'before') listen(socket)
      return socket
    }
    const kafka = new Kafka({
      brokers: [broker.address],
      sasl,
      ...connection,
      socketFactory: tapped,
      ssl: false,
      requestTimeout: 1_000,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    })
    const producer = kafka.producer()
    onTestFinished(async () => {
      await producer.disconnect()
      sasl.close()
    })
    await producer.connect()
    for (const key of ['1', '2', '3'])
      await producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
    expect(broker.keys('orders')).toEqual(['1', '2', '3'])
    expect(broker.exchanges.length).toBeGreaterThan(2)
    // Each exchange has two answers.
    expect(heard).toBeGreaterThan(2 * broker.exchanges.length)
  },
)
