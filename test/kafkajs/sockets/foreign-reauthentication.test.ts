import { gzipSync } from 'node:zlib'
import { CompressionCodecs, CompressionTypes, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, type SocketFactoryArgs } from '../../../src/index.ts'
import type { RequestFault } from '../../../src/testing/protocol/broker.ts'
import { answeringBroker } from '../../support/answering-broker.ts'
import { jumpOfSessions } from '../../support/jump-of-sessions.ts'
import { startTelemetry } from '../../support/telemetry.ts'

/** Sockets of ours, under tokens that a service makes itself. */
function socketsOfOurs(authenticationTimeout?: number) {
  const limit = authenticationTimeout === undefined ? {} : { authenticationTimeout }
  const { sasl, ...connection } = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
    backgroundRefresh: false,
    ...limit,
  })
  onTestFinished(() => sasl.close())
  const provider = { mechanism: 'oauthbearer' as const, oauthBearerProvider: async () => ({ value: 'own' }) }
  return { ...connection, ssl: false, sasl: provider, logLevel: logLevel.NOTHING }
}

/** A broker whose first sessions are soon due, and what goes wrong there with requests of the second exchange. */
async function brokerWith(fault: (apiName: string) => RequestFault | undefined) {
  let handshakes = 0
  const broker = await answeringBroker({
    authenticate: ({ number }) => (number === 1 ? { sessionLifetimeMs: 11_000 } : {}),
    onRequest({ apiName }) {
      if (apiName === 'SaslHandshake') handshakes += 1
      return handshakes === 2 ? fault(apiName) : undefined
    },
  })
  onTestFinished(() => broker.close())
  return broker
}

async function producerOf(config: KafkaConfig) {
  const producer = new Kafka(config).producer()
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  return (key: string, compression = CompressionTypes.None) =>
    producer.send({ topic: 'orders', compression, messages: [{ key, value: 'tea' }] })
}

describe('A re-authentication with a token of one’s own, on sockets of ours', () => {
  // Each arrives with kafkajs's own sockets.
  test.each(['close', 'reset'] as const)(
    'is tried again after a %s in the place of the answer to its handshake',
    async (kind) => {
      const broker = await brokerWith((apiName) => (apiName === 'SaslHandshake' ? { kind } : undefined))
      const send = await producerOf({
        ...socketsOfOurs(),
        brokers: [broker.address],
        retry: { initialRetryTime: 50 },
      })
      await send('first')
      jumpOfSessions(1)
      await send('second')
      expect(broker.keys('orders')).toEqual(['first', 'second'])
      expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 2])
    },
  )

  // With kafkajs alone, and on our sockets before, some or all fail.
  test('that the broker did not expect makes no send of twenty fail or hang', async () => {
    const broker = await brokerWith((apiName) =>
      apiName === 'SaslHandshake' ? { kind: 'error', errorCode: 34 } : undefined,
    )
    const send = await producerOf({
      ...socketsOfOurs(),
      brokers: [broker.address],
      retry: { initialRetryTime: 50 },
    })
    await send('first')
    jumpOfSessions(1)
    const keys = Array.from({ length: 20 }, (_, index) => String(index))
    await Promise.all(keys.map((key) => send(key)))
    expect(broker.keys('orders').toSorted()).toEqual(['first', ...keys].toSorted())
  })

  test('may take as long as a request for each of its two answers', async () => {
    const broker = await brokerWith((apiName) =>
      apiName.startsWith('Sasl') ? { kind: 'delay', ms: 400 } : undefined,
    )
    const config = { brokers: [broker.address], requestTimeout: 600, retry: { retries: 0 } }
    const send = await producerOf({ ...socketsOfOurs(), ...config })
    await send('first')
    jumpOfSessions(1)
    await send('second')
    expect(broker.keys('orders')).toEqual(['first', 'second'])
    expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 1])
  })

  test('begins when a send that is being compressed has been written', async () => {
    const before = CompressionCodecs[CompressionTypes.GZIP]
    const gate = Promise.withResolvers<void>()
    const compressing = Promise.withResolvers<void>()
    CompressionCodecs[CompressionTypes.GZIP] = () => ({
      async compress({ buffer }: { buffer: Buffer }) {
        compressing.resolve()
        await gate.promise
        return gzipSync(buffer)
      },
      decompress: async (buffer: Buffer) => buffer,
    })
    onTestFinished(() => {
      CompressionCodecs[CompressionTypes.GZIP] = before
    })
    const broker = await brokerWith(() => undefined)
    const config = socketsOfOurs()
    let handshakes = 0
    const socketFactory = (args: SocketFactoryArgs) => {
      const socket = config.socketFactory(args)
      const write = socket.write
      socket.write = ((...given: unknown[]) => {
        if ((given[0] as Buffer).readInt16BE(4) === 17 && ++handshakes === 2) gate.resolve()
        return Reflect.apply(write, socket, given)
      }) as typeof write
      return socket
    }
    const send = await producerOf({
      ...config,
      socketFactory: socketFactory as typeof config.socketFactory,
      brokers: [broker.address],
      retry: { retries: 0 },
    })
    await send('first')
    const begun = send('begun', CompressionTypes.GZIP)
    await compressing.promise
    jumpOfSessions(1)
    await Promise.all([begun, send('other')])
    expect(broker.keys('orders')).toEqual(['first', 'begun', 'other'])
    expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 1])
  })
})

test('an authentication with a token of one’s own that is not answered is none of ours to record', async () => {
  const telemetry = startTelemetry()
  onTestFinished(() => telemetry.stop())
  await using broker = await answeringBroker({ authenticate: () => ({ kind: 'hang' }) })
  const config = { ...socketsOfOurs(200), brokers: [broker.address], retry: { retries: 0 } }
  const admin = new Kafka(config).admin()
  onTestFinished(() => admin.disconnect())
  await expect(admin.connect()).rejects.toThrow('The broker did not answer the authentication')
  expect(telemetry.spans('msk_iam.authenticate')).toEqual([])
})
