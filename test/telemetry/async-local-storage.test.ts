import { AsyncLocalStorage } from 'node:async_hooks'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createMskIamConnection,
  instrumentConsumer,
  instrumentKafka,
  KafkaPublisher,
  type MskIamSigner,
} from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { fakeConsumer, message } from '../instrument/support/fake-consumer.ts'
import { type Misdeed, startHostileSdk } from '../support/hostile-sdk.ts'
import { startTelemetry } from '../support/telemetry.ts'

const request = new AsyncLocalStorage<string>()

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ topics: { orders: 1 } })
})
afterAll(() => sandbox.close())

/** Which request each callback of the user saw. */
type Seen = Record<string, (string | undefined)[]>

const note = (seen: Seen, callback: string) => {
  seen[callback] = [...new Set([...(seen[callback] ?? []), request.getStore()])]
}

function connection(seen: Seen) {
  const { region, credentials, brokers } = sandbox
  const provider = async () => {
    note(seen, 'credentials')
    return credentials
  }
  const { sasl, ...rest } = createMskIamConnection({ region, credentials: provider })
  return { ...rest, sasl, brokers: [...brokers], ssl: false as const }
}

const partitioner = (seen: Seen) => () => () => {
  note(seen, 'partitioner')
  return 0
}

async function producing(wrap: (kafka: Kafka) => Kafka): Promise<Seen> {
  const seen: Seen = {}
  const config = connection(seen)
  const kafka = wrap(new Kafka({ ...config, logLevel: logLevel.NOTHING }))
  const producer: Producer = kafka.producer({ createPartitioner: partitioner(seen) })
  producer.on('producer.connect', () => note(seen, 'listener'))
  await request.run('connect', () => producer.connect())
  await request.run('send', () => producer.send({ topic: 'orders', messages: [{ value: 'tea' }] }))
  await producer.disconnect()
  config.sasl.close()
  return seen
}

async function publishing(): Promise<Seen> {
  const seen: Seen = {}
  const config = connection(seen)
  const publisher = new KafkaPublisher({
    ...config,
    partitioner: partitioner(seen),
    kafka: { logLevel: logLevel.NOTHING },
    hooks: {
      onConnect: () => note(seen, 'onConnect'),
      onPublish: () => note(seen, 'onPublish'),
      onError: () => note(seen, 'onError'),
    },
  })
  await request.run('connect', () => publisher.connect())
  const publish = (value: unknown) => publisher.publish([{ topic: 'orders', value: value as string }])
  await Promise.all([request.run('publish', () => publish('tea')), request.run('publish', () => publish(1))])
  await publisher.disconnect()
  config.sasl.close()
  return seen
}

async function consuming(): Promise<Seen> {
  const seen: Seen = {}
  const { consumer, deliver } = fakeConsumer(async () => note(seen, 'commit'))
  const instrumented = instrumentConsumer(consumer)
  const eachMessage = async () => {
    note(seen, 'handler')
    await Promise.resolve()
    note(seen, 'handler, later')
  }
  await request.run('run', () => instrumented.run({ eachMessage }))
  await request.run('fetch', () => deliver('orders', message(1)))
  await request.run('commit', () =>
    instrumented.commitOffsets([{ topic: 'orders', partition: 0, offset: '2' }]),
  )
  return seen
}

async function signing(): Promise<Seen> {
  const seen: Seen = {}
  const signer: MskIamSigner = {
    generateAuthToken: async () => {
      note(seen, 'signer')
      return { token: 'token', expiryTime: Date.now() + 900_000 }
    },
  }
  const { sasl } = createMskIamConnection({ region: 'eu-west-1', signer })
  await request.run('token', () => sasl.oauthBearerProvider())
  sasl.close()
  return seen
}

const hostile = (misdeed: Misdeed) => () => {
  const { stop } = startHostileSdk({ always: { 'ContextManager.with': misdeed } })
  return stop
}

const sdks: Record<string, () => () => unknown> = {
  'without an SDK': () => () => undefined,
  'with an SDK': () => startTelemetry().stop,
  'with a context manager that calls back later': hostile('works later'),
  'with a context manager that calls back twice': hostile('works twice'),
  'with a context manager that throws': hostile('throws'),
}

describe.each(Object.entries(sdks))("the caller's AsyncLocalStorage, %s", (_, start) => {
  const under = async (work: () => Promise<Seen>): Promise<Seen> => {
    const stop = start()
    try {
      return await work()
    } finally {
      await stop()
    }
  }

  test('is in the callbacks of a producer what it is in those of bare kafkajs', async () => {
    const bare = await producing((kafka) => kafka)
    expect(bare).toMatchObject({ partitioner: ['send'], credentials: ['connect'], listener: ['connect'] })
    expect(await under(() => producing((kafka) => instrumentKafka(kafka)))).toEqual(bare)
  })

  test('is in the hooks and the partitioner of a KafkaPublisher that of the call', async () => {
    expect(await under(publishing)).toEqual({
      credentials: ['connect'],
      onConnect: ['connect'],
      partitioner: ['publish'],
      onPublish: ['publish'],
      onError: ['publish'],
    })
  })

  test('is in a handler and a commit that of whoever called them', async () => {
    expect(await under(consuming)).toEqual({
      handler: ['fetch'],
      'handler, later': ['fetch'],
      commit: ['commit'],
    })
  })

  test('is in the signer that of whoever asked for a token', async () => {
    expect(await under(signing)).toEqual({ signer: ['token'] })
  })
})
