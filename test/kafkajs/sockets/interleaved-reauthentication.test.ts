import { gzipSync } from 'node:zlib'
import { CompressionCodecs, CompressionTypes, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection } from '../../../src/index.ts'
import { startSandbox } from '../../../src/testing/index.ts'
import { type AnsweringBroker, answeringBroker } from '../../support/answering-broker.ts'
import { jumpOfSessions } from '../../support/jump-of-sessions.ts'

const credentials = { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' }
/** Due after 50 ms, as kafkajs counts. */
const SHORT = 10_050

async function producerOf(
  brokers: string[],
  config: Partial<KafkaConfig> = {},
  maxInFlightRequests?: number,
  given = credentials,
) {
  const { sasl, ...connection } = createMskIamConnection({ region: 'eu-west-1', credentials: given })
  const common = { brokers, sasl, ...connection, ssl: false, logLevel: logLevel.NOTHING }
  const limit = maxInFlightRequests === undefined ? {} : { maxInFlightRequests }
  const producer = new Kafka({ ...common, ...config }).producer(limit)
  onTestFinished(async () => {
    await producer.disconnect()
    sasl.close()
  })
  await producer.connect()
  return producer
}

const gzipped = (key: string) => ({
  topic: 'orders',
  compression: CompressionTypes.GZIP,
  messages: [{ key, value: 'tea and biscuits, '.repeat(500) }],
})

/** Sends twenty at a time until told to stop; the keys in order. */
async function sendUntil(done: () => boolean, send: (key: string) => Promise<unknown>): Promise<string[]> {
  const keys: string[] = []
  const sending = Array.from({ length: 20 }, async () => {
    while (!done()) {
      const key = String(keys.length)
      keys.push(key)
      await send(key)
    }
  })
  await Promise.all(sending)
  return keys
}

const connectionsOf = (broker: AnsweringBroker) => [
  ...new Set(broker.exchanges.map(({ connection }) => connection)),
]

describe('Twenty sends at a time through re-authentications', () => {
  // kafkajs alone has its connection closed at every tenth of them, and some sends end with a TypeError.
  test.each([1, 2, 3, undefined])(
    'all arrive, each once, on one connection, with at most %s requests in flight',
    async (limit) => {
      await using broker = await answeringBroker({
        authenticate: () => ({ sessionLifetimeMs: SHORT }),
        reauthenticationIntervalMs: 0,
      })
      const producer = await producerOf([broker.address], { retry: { retries: 0 } }, limit)
      const keys = await sendUntil(
        () => broker.exchanges.length > 30,
        (key) => producer.send(gzipped(key)),
      )
      expect(broker.keys('orders').toSorted()).toEqual(keys.toSorted())
      expect(connectionsOf(broker)).toEqual([1])
    },
    30_000,
  )

  test('arrive, each once, where handshake and token together take longer than a request may', async () => {
    await using sandbox = await startSandbox({ sessionSeconds: 11, topics: { orders: 1 } })
    for (const on of ['SaslHandshake', 'SaslAuthenticate'] as const) sandbox.faults.add({ on, delayMs: 400 })
    const config = { requestTimeout: 600 }
    const producer = await producerOf(sandbox.brokers, config, undefined, sandbox.credentials)
    const keys = await sendUntil(
      () => sandbox.authentications.length > 2,
      (key) => producer.send(gzipped(key)),
    )
    const stored = sandbox.messages('orders').map(({ key }) => String(key))
    expect(stored.toSorted()).toEqual(keys.toSorted())
  }, 30_000)
})

/** A gzip codec that begins when it is told. */
function gatedGzip(): { encoding: Promise<void>; open: () => void } {
  const before = CompressionCodecs[CompressionTypes.GZIP]
  onTestFinished(() => {
    CompressionCodecs[CompressionTypes.GZIP] = before
  })
  const gate = Promise.withResolvers<void>()
  const encoding = Promise.withResolvers<void>()
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => {
      encoding.resolve()
      await gate.promise
      return gzipSync(buffer)
    },
    decompress: async (buffer: Buffer) => buffer,
  })
  return { encoding: encoding.promise, open: gate.resolve }
}

describe('A send that kafkajs has begun when a session becomes due', () => {
  /**
   * It is being compressed while another one starts a re-authentication.
   *
   * @param compressed after how many ms. Default: when the re-authentication has reached the broker
   */
  async function interruptedBy(
    config: Partial<KafkaConfig>,
    delays: Readonly<Record<string, number>>,
    compressed?: number,
  ) {
    let open: () => void = () => undefined
    let delayed = false
    const broker = await answeringBroker({
      authenticate: ({ number }) => (number === 1 ? { sessionLifetimeMs: 11_000 } : {}),
      onRequest({ apiName }) {
        const ms = delayed ? delays[apiName] : undefined
        if (delayed && apiName === 'SaslHandshake') open()
        return ms === undefined ? undefined : { kind: 'delay', ms }
      },
    })
    onTestFinished(() => broker.close())
    const producer = await producerOf([broker.address], config)
    await producer.send({ topic: 'orders', messages: [{ key: 'first', value: 'a' }] })
    const gate = gatedGzip()
    const begun = producer.send(gzipped('begun'))
    await gate.encoding
    jumpOfSessions(1)
    open = gate.open
    delayed = true
    const other = producer.send({ topic: 'orders', messages: [{ key: 'other', value: 'a' }] })
    if (compressed !== undefined) setTimeout(open, compressed)
    await Promise.all([begun, other])
    return broker
  }

  test('arrives on the same connection', async () => {
    const broker = await interruptedBy({ retry: { retries: 0 } }, { SaslHandshake: 100 })
    expect(broker.keys('orders').toSorted()).toEqual(['begun', 'first', 'other'])
    expect(connectionsOf(broker)).toEqual([1])
  })

  test('goes out before the re-authentication where compressing it takes a moment longer', async () => {
    const delays = { SaslHandshake: 200, SaslAuthenticate: 200 }
    const config = { requestTimeout: 300, retry: { initialRetryTime: 50 } }
    const broker = await interruptedBy(config, delays, 30)
    expect(broker.keys('orders')).toEqual(['first', 'begun', 'other'])
    expect(connectionsOf(broker)).toEqual([1])
  })

  test('arrives once when kafkajs gives the exchange up before the broker has answered all of it', async () => {
    const delays = { SaslHandshake: 200, SaslAuthenticate: 200 }
    const broker = await interruptedBy({ requestTimeout: 300, retry: { initialRetryTime: 50 } }, delays)
    expect(broker.keys('orders').toSorted()).toEqual(['begun', 'first', 'other'])
    expect(connectionsOf(broker)).toEqual([1, 2])
  })
})
