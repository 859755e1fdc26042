import { SpanKind } from '@opentelemetry/api'
import { logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createMskIamSasl,
  instrumentPublisher,
  KafkaPublisher,
  type KafkaPublisherOptions,
  type MskIamSasl,
  type PublishableMessage,
} from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
let sandbox: Sandbox
const open: MskIamSasl[] = []

beforeAll(async () => {
  telemetry = startTelemetry()
  const ofOrders = ['orders', 'other', 'dead-letters', 'gzip', 'order']
  const topics = Object.fromEntries(ofOrders.map((topic) => [topic, topic === 'orders' ? 3 : 1]))
  const permissions = {
    'kafka-cluster:Connect': true,
    'kafka-cluster:DescribeTopic': ['*'],
    'kafka-cluster:WriteData': ofOrders,
  }
  const identities = [
    {
      principal: 'orders',
      accessKeyId: 'AKIASANDBOXORDERS000',
      secretAccessKey: 'not-a-secret',
      permissions,
    },
  ]
  sandbox = await startSandbox({ brokers: 2, topics: { ...topics, secret: 1 }, identities })
})
afterEach(() => {
  for (const sasl of open.splice(0)) sasl.close()
  sandbox.faults.clear()
  telemetry.clear()
})
afterAll(async () => {
  await sandbox.close()
  await telemetry.stop()
})

function publisherOf(options: Partial<KafkaPublisherOptions> = {}): KafkaPublisher {
  const sasl = createMskIamSasl({
    region: sandbox.region,
    credentials: sandbox.credentials,
    name: 'publisher',
  })
  open.push(sasl)
  const base = { clientId: 'orders', brokers: sandbox.brokers, ssl: false, sasl }
  return new KafkaPublisher({ ...base, kafka: { logLevel: logLevel.NOTHING }, ...options })
}

async function connected(options: Partial<KafkaPublisherOptions> = {}): Promise<KafkaPublisher> {
  const publisher = publisherOf(options)
  await publisher.connect()
  return publisher
}

const valuesOf = (topic: string) => sandbox.messages(topic).map(({ value }) => value?.toString())

describe('publish', () => {
  test('answers for each message, in the order of the messages', async () => {
    await using publisher = await connected()
    const results = await publisher.publish([
      { topic: 'orders', partition: 2, value: 'a', recordId: 'first' },
      { topic: 'other', value: 'b', recordId: 'second' },
      { topic: 'orders', partition: 2, value: Buffer.from('c') },
    ])
    expect(results).toEqual([
      { recordId: 'first', ok: true, partition: 2, offset: '0' },
      { recordId: 'second', ok: true, partition: 0, offset: '0' },
      { recordId: '2', ok: true, partition: 2, offset: '1' },
    ])
    expect(valuesOf('orders')).toEqual(['a', 'c'])
    expect(await publisher.publish([])).toEqual([])
  })

  test('says of each message in a mixed batch what became of it, and why', async () => {
    await using publisher = await connected()
    const results = await publisher.publish([
      { topic: 'other', value: 'fine' },
      { topic: 'other', value: 'x'.repeat(1_100_000) },
      { topic: 'secret', value: 'may not' },
      { topic: 'other', value: 5 as never },
      { topic: 'orders', partition: 7, value: 'no such partition' },
      { topic: 'other', value: 'fine too' },
    ])
    expect(
      results.map(({ ok, errorKind, error }) => [ok, errorKind, (error as never)?.['failure']?.['code']]),
    ).toEqual([
      [true, undefined, undefined],
      [false, 'poison', 'MESSAGE_TOO_LARGE'],
      [false, 'fatal', 'TOPIC_AUTHORIZATION_FAILED'],
      [false, 'poison', 'message_invalid'],
      [false, 'retriable', 'partition_unknown'],
      [true, undefined, undefined],
    ])
    expect(valuesOf('other').slice(-2)).toEqual(['fine', 'fine too'])
  })

  test('keeps the order of a partition over batches and over calls at the same time', async () => {
    await using publisher = await connected()
    const messages = Array.from({ length: 1_700 }, (_, number) => ({ topic: 'order', value: String(number) }))
    await Promise.all([publisher.publish(messages.slice(0, 1_200)), publisher.publish(messages.slice(1_200))])
    expect(valuesOf('order')).toEqual(messages.map(({ value }) => value))
  })

  test('takes no more messages at once than it may', async () => {
    await using publisher = await connected({ maxInFlightMessages: 2 })
    const tea = { topic: 'orders', value: 'tea' }
    const before = valuesOf('orders').length
    const [first, second] = await Promise.all([publisher.publish([tea, tea]), publisher.publish([tea])])
    expect(first.map(({ ok }) => ok)).toEqual([true, true])
    expect(second).toMatchObject([
      { ok: false, errorKind: 'backpressure', error: { code: 'publisher_busy' } },
    ])
    expect(valuesOf('orders').length).toBe(before + 2)
  })

  test('compresses', async () => {
    await using publisher = await connected({ compression: 'gzip' })
    expect(await publisher.publish([{ topic: 'gzip', value: 'x'.repeat(500_000) }])).toMatchObject([
      { ok: true },
    ])
    expect(valuesOf('gzip')).toEqual(['x'.repeat(500_000)])
  })

  test('leaves what it was given as it was', async () => {
    await using publisher = await connected()
    const message = Object.freeze({
      topic: 'orders',
      value: Object.freeze('tea') as string,
      headers: Object.freeze({ a: 'b', none: undefined, bytes: new Uint8Array([1, 2]) }),
    })
    const messages = Object.freeze([message])
    expect(await publisher.publish(messages)).toMatchObject([{ ok: true }])
    const { headers = [] } = sandbox.messages('orders').at(-1) ?? {}
    expect(headers.map(([name]) => name).sort()).toEqual(['a', 'bytes', 'traceparent'])
  })
})

describe('telemetry of a publish', () => {
  test.each([1, 100, 10_000])('a batch of %i messages is one span and one record a series', async (count) => {
    await using publisher = await connected()
    telemetry.clear()
    const before = await sentMessages()
    await publisher.publish(Array.from({ length: count }, () => ({ topic: 'orders', value: 'tea' })))
    const [send, ...others] = telemetry.spans().filter(({ name }) => name.startsWith('send'))
    expect(others).toHaveLength(0)
    expect(send).toMatchObject({ name: 'send orders', kind: SpanKind.PRODUCER })
    expect(send?.attributes['messaging.batch.message_count']).toBe(count === 1 ? undefined : count)
    expect((await sentMessages()) - before).toBe(count)
  })

  test('a span for each message, where that is wanted', async () => {
    await using publisher = await connected({ perMessageSpans: true })
    telemetry.clear()
    await publisher.publish([
      { topic: 'orders', value: 'a' },
      { topic: 'orders', value: 'b' },
    ])
    const creates = telemetry.spans('create orders').map((span) => span.spanContext().spanId)
    const [send] = telemetry.spans('send orders')
    expect(creates).toHaveLength(2)
    expect(send?.kind).toBe(SpanKind.CLIENT)
    expect(send?.links.map(({ context }) => context.spanId)).toEqual(creates)
  })

  test('names the first offset of each partition, however many requests it took', async () => {
    await using publisher = await connected()
    const [first] = await publisher.publish([{ topic: 'order', value: 'first' }])
    telemetry.clear()
    await publisher.publish(Array.from({ length: 1_200 }, () => ({ topic: 'order', value: 'x' })))
    const [send] = telemetry.spans('send order')
    expect(send?.attributes['msk_iam.send.offsets']).toEqual([`0:${Number(first?.offset) + 1}`])
    expect(send?.attributes['messaging.destination.partition.id']).toBe('0')
  })

  test('counts by what became of each message, and not what was refused before it was sent', async () => {
    await using publisher = await connected()
    const codes = ['message_invalid', 'TOPIC_AUTHORIZATION_FAILED']
    const before = await Promise.all(codes.map((code) => sentMessages({ 'error.type': code })))
    await publisher.publish([
      { topic: 'secret', value: 'may not' },
      { topic: 'secret', value: 'may not either' },
      { topic: 'orders', value: {} as never },
    ])
    const after = await Promise.all(codes.map((code) => sentMessages({ 'error.type': code })))
    // What was refused in this process was never sent.
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([0, 2])
    const send = telemetry.spans().find(({ name }) => name.startsWith('send'))
    expect(send?.status.code).toBe(2)
  })
})

async function sentMessages(attributes: Record<string, unknown> = {}): Promise<number> {
  const points = await telemetry.points('messaging.client.sent.messages', attributes)
  return points.reduce((sum, { value }) => sum + (value as number), 0)
}

describe('the life of a publisher', () => {
  test('publishes nothing before connect and nothing after disconnect', async () => {
    const publisher = publisherOf()
    const tea: PublishableMessage[] = [{ topic: 'orders', value: 'tea' }]
    await expect(publisher.publish(tea)).rejects.toMatchObject({ code: 'publisher_not_connected' })
    await Promise.all([publisher.connect(), publisher.connect()])
    expect(await publisher.publish(tea)).toMatchObject([{ ok: true }])
    await publisher.disconnect()
    await publisher.disconnect()
    await expect(publisher.publish(tea)).rejects.toMatchObject({ code: 'publisher_not_connected' })
    await publisher.connect()
    expect(await publisher.publish(tea)).toMatchObject([{ ok: true }])
    await publisher.disconnect()
  })

  test('finishes what is under way before it disconnects', async () => {
    const publisher = await connected()
    sandbox.faults.add({ on: 'Produce', delayMs: 100, times: 1 })
    const published = publisher.publish([{ topic: 'orders', value: 'late' }])
    await publisher.disconnect()
    expect(await published).toMatchObject([{ ok: true }])
  })

  test('says at connect that it may not connect, and connects when it may', async () => {
    const publisher = publisherOf()
    sandbox.faults.add({ refuse: 'Access denied', times: 1 })
    await expect(publisher.connect()).rejects.toMatchObject({ failure: { code: 'access_denied' } })
    await publisher.connect()
    await publisher.disconnect()
  })

  test('fails at connect where a topic that it needs is missing', async () => {
    const publisher = publisherOf({ validateTopicsOnConnect: ['orders', 'nowhere', 'no-one'] })
    await expect(publisher.connect()).rejects.toMatchObject({
      code: 'topics_missing',
      message: expect.stringContaining('nowhere, no-one'),
    })
    const tea = { topic: 'orders', value: 'tea' }
    await expect(publisher.publish([tea])).rejects.toMatchObject({ code: 'publisher_not_connected' })
  })

  test('tells its hooks, and goes on whatever they do', async () => {
    const told: unknown[] = []
    const hooks = {
      onConnect: () => told.push('connect') as never,
      onPublish: ({ recordId, ok }: { recordId: string; ok: boolean }) => {
        told.push([recordId, ok])
        throw new Error('a hook that throws')
      },
      onError: (error: Error) => {
        told.push((error as never)['code'])
        return new Promise<void>(() => undefined)
      },
      onDisconnect: async () => {
        told.push('disconnect')
        throw new Error('a hook that rejects')
      },
    }
    const publisher = await connected({ hooks })
    await publisher.publish([
      { topic: 'orders', value: 'tea', recordId: 'r1' },
      { topic: '', value: 'x', recordId: 'r2' },
    ])
    await publisher.disconnect()
    expect(told).toEqual(['connect', ['r1', true], ['r2', false], 'message_invalid', 'disconnect'])
  })

  test('a health check says that the cluster answers, or why not', async () => {
    await using publisher = await connected()
    expect(await publisher.healthCheck()).toEqual({
      ok: true,
      latencyMs: expect.any(Number),
      timestamp: expect.any(Number),
    })
    sandbox.faults.add({ refuse: 'Access denied', times: 1 })
    expect(await publisher.healthCheck()).toMatchObject({
      ok: false,
      error: { failure: { code: 'access_denied' } },
    })
    sandbox.faults.add({ on: 'Metadata', connection: 'hang' })
    expect(await publisher.healthCheck({ timeoutMs: 50 })).toMatchObject({
      ok: false,
      error: { code: 'health_check_timeout' },
    })
  })
})

test('a dead letter carries its cause', async () => {
  await using publisher = await connected()
  const message = { topic: 'dead-letters', value: 'tea', headers: { 'original-topic': 'orders', mine: '1' } }
  await publisher.publishToDlq(message, new TypeError('no tea'))
  const { headers = [] } = sandbox.messages('dead-letters').at(-1) ?? {}
  expect(Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))).toEqual({
    mine: '1',
    'original-topic': 'orders',
    'dlq-original-topic': 'orders',
    'dlq-reason': 'no tea',
    'dlq-error-class': 'TypeError',
    'dlq-error-code': '_OTHER',
    'dlq-failed-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    traceparent: expect.any(String),
  })
  await expect(
    publisher.publishToDlq({ topic: 'secret', value: 'x' }, new Error('no')),
  ).rejects.toMatchObject({
    failure: { code: 'TOPIC_AUTHORIZATION_FAILED' },
  })
})

describe('options', () => {
  test.each<[string, Partial<KafkaPublisherOptions>]>([
    ['`brokers` is an empty list. It takes a list of brokers', { brokers: [] }],
    ['`acks` is 1. It takes -1 with `idempotent`', { acks: 1 }],
    ["`compression` is a string. It takes 'none', 'gzip'", { compression: 'zip' as never }],
    ['`deliveryTimeoutMs` is 0. It takes milliseconds from 1 to 2147483647', { deliveryTimeoutMs: 0 }],
    [
      "`partitioner` is a string. It takes 'default', 'java-compatible', 'legacy'",
      { partitioner: 'murmur' as never },
    ],
    [
      '`transactionalId` is undefined. It takes a text, since `transactional` is set',
      { transactional: true },
    ],
    ['there is no option `lingerMs`', { lingerMs: 5 } as never],
  ])('%s', (text, options) => {
    expect(() => publisherOf(options)).toThrow(text)
  })

  test('a compression without a codec is said at connect', async () => {
    await expect(publisherOf({ compression: 'snappy' }).connect()).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining("`compression` is 'snappy', for which kafkajs has no codec"),
    })
  })

  test('a partitioner of one\u2019s own decides once for each message', async () => {
    const seen: unknown[] = []
    const partitioner = () => (args: { message: { value: unknown } }) => {
      seen.push(String(args.message.value))
      return 1
    }
    await using publisher = await connected({ partitioner: partitioner as never })
    const lost = sandbox.faults.add({ on: 'Produce', errorCode: 6, times: 1 })
    expect(await publisher.publish([{ topic: 'orders', value: 'pinned' }])).toMatchObject([
      { ok: true, partition: 1 },
    ])
    expect(lost.struck).toBe(1)
    expect(seen).toEqual(['pinned'])
  })
})

test('a partitioner that throws costs only its message', async () => {
  const partitioner = () => (args: { message: { value: unknown } }) => {
    if (String(args.message.value) === 'bad') throw new Error('no idea')
    return 0
  }
  await using publisher = await connected({ partitioner: partitioner as never })
  const results = await publisher.publish([
    { topic: 'orders', value: 'bad' },
    { topic: 'orders', value: 'good' },
  ])
  expect(results).toMatchObject([
    { ok: false, errorKind: 'poison', error: { code: 'message_invalid', original: { message: 'no idea' } } },
    { ok: true, partition: 0 },
  ])
})

describe('instrumentPublisher', () => {
  const relay = {
    sent: [] as PublishableMessage[],
    async publish(messages: PublishableMessage[]) {
      this.sent.push(...messages)
      return messages.map(({ recordId = '' }) =>
        recordId === 'bad'
          ? { recordId, ok: false, error: new Error('no'), errorKind: 'retriable' as const }
          : { recordId, ok: true },
      )
    },
  }

  test('gives any publisher the same span and counts, and its messages the context', async () => {
    const publisher = instrumentPublisher(relay)
    const before = [await sentMessages({ 'error.type': '_OTHER' }), await sentMessages()]
    const results = await publisher.publish([
      { topic: 'orders', value: 'a', recordId: 'good' },
      { topic: 'orders', value: 'b', recordId: 'bad' },
    ])
    expect(results.map(({ ok }) => ok)).toEqual([true, false])
    const [send] = telemetry.spans('send orders')
    expect(send?.attributes).toMatchObject({ 'messaging.batch.message_count': 2, 'error.type': '_OTHER' })
    expect(relay.sent[0]?.headers?.['traceparent']).toContain(send?.spanContext().spanId)
    expect([await sentMessages({ 'error.type': '_OTHER' }), await sentMessages()]).toEqual([
      (before[0] ?? 0) + 1,
      (before[1] ?? 0) + 2,
    ])
  })

  test('leaves one alone that tells by itself', () => {
    const publisher = publisherOf()
    expect(instrumentPublisher(publisher)).toBe(publisher)
    const told = instrumentPublisher(relay)
    expect(instrumentPublisher(told)).toBe(told)
  })
})

vi.setConfig({ testTimeout: 15_000 })
