/** KafkaPublisher on a real broker: what the sandbox does not serve, and what only Kafka can say. */
import type { Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createMskIamConnection,
  instrumentKafka,
  KafkaPublisher,
  type KafkaPublisherOptions,
  type PublishResult,
  type SocketFactoryArgs,
} from '../../src/index.ts'
import { apiKeyOf } from '../../src/kafkajs/sockets/kafka-frame.ts'
import { observedSocketFactory } from '../../src/kafkajs/sockets/observed-socket.ts'
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { addAcl, removeAcl } from './support/acl.ts'
import { jaeger } from './support/jaeger.ts'
import { broker, region, ssl } from './support/places.ts'
import { endOf, readBack } from './support/read-back.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { createTopic, deleteTopics, withAdmin } from './support/topics.ts'
import { until } from './support/until.ts'

const PREFIX = 'orders-publisher-'
let run: Run
let topic: string
let names = 0

beforeAll(async () => {
  run = startRun('publisher')
  await deleteTopics(PREFIX)
  topic = `${PREFIX}${run.id}`
  await createTopic(topic, 2)
})

afterAll(async () => {
  await deleteTopics(PREFIX)
  await run?.stop()
})

async function publisher(options: Partial<KafkaPublisherOptions> = {}): Promise<KafkaPublisher> {
  const connection = createMskIamConnection({
    region,
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
    name: `publisher-${++names}`,
  })
  const kafka = { logLevel: logLevel.NOTHING }
  const made = new KafkaPublisher({
    brokers: [broker],
    clientId: run.service,
    ...connection,
    kafka,
    ...options,
  })
  onTestFinished(async () => {
    await made.disconnect()
    connection.sasl.close()
  })
  await made.connect()
  return made
}

const order = (key: string, more: object = {}) => ({ topic, key, value: 'tea', recordId: key, ...more })
const keysFrom = async (from: Awaited<ReturnType<typeof endOf>>, of = topic) =>
  (await readBack(of, from)).map(({ key }) => key).sort()
const codeOf = (error: unknown) => (error as { failure?: { code: string } } | undefined)?.failure?.code
const outcomes = (results: readonly PublishResult[]) =>
  results.map(({ ok, errorKind, error }) => (ok ? 'ok' : `${errorKind}: ${codeOf(error)}`))
const failureOf = (doing: Promise<unknown>) =>
  doing.then(
    () => 'it did not fail',
    (error) => codeOf(error) ?? String(error),
  )

/** API keys, by Kafka's protocol guide. */
const PRODUCE = 0
const END_TXN = 26

/** Sends what it is given, but once the request that is named has gone out it is cut, until it heals. */
function networkThatLosesTheAnswer() {
  const connect = observedSocketFactory()
  const open = new Set<Socket>()
  let [lost, cut] = [Number.NaN, false]
  const end = () => {
    cut = true
    for (const socket of open) socket.destroy(new Error('The network is cut'))
  }
  return {
    loseAnswerTo(apiKey: number) {
      lost = apiKey
    },
    heal() {
      ;[lost, cut] = [Number.NaN, false]
    },
    socketFactory(args: SocketFactoryArgs) {
      const socket = connect(args)
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      const { write } = socket
      socket.write = ((chunk: Buffer, ...rest: []) => {
        return Reflect.apply(write, socket, apiKeyOf(chunk) === lost ? [chunk, end] : [chunk, ...rest])
      }) as typeof write
      if (cut) setImmediate(() => socket.destroy(new Error('The network is cut')))
      return socket
    },
  }
}

describe('a publish', () => {
  test('tells each message its own fate', async () => {
    const from = await endOf(topic)
    const denied = await endOf('denied-topic')
    const one = await publisher()
    const results = await one.publish([
      order('a', { partition: 1 }),
      order('b', { topic: 'denied-topic' }),
      order('c', { value: 'x'.repeat(1_100_000), partition: 1 }),
      order('d', { partition: 1 }),
      order('e', { partition: 17 }),
      order('f', { topic: 'forbidden-name' }),
    ])
    expect(outcomes(results)).toEqual([
      'ok',
      'fatal: TOPIC_AUTHORIZATION_FAILED',
      'poison: MESSAGE_TOO_LARGE',
      'ok',
      'retriable: partition_unknown',
      'fatal: TOPIC_AUTHORIZATION_FAILED',
    ])
    const places = (await readBack(topic, from)).map(({ key, partition, offset }) => ({
      key,
      partition,
      offset,
    }))
    expect(places).toEqual(
      [results[0], results[3]].map((result) => ({
        key: result?.recordId,
        partition: result?.partition,
        offset: result?.offset,
      })),
    )
    expect(await endOf('denied-topic')).toEqual(denied)
  })

  test('to a topic that is not there creates it, as the broker does for its clients', async () => {
    const one = await publisher()
    const created = `${topic}-by-itself`
    const [result] = await one.publish([order('a', { topic: created })])
    expect(result).toMatchObject({ ok: true, partition: 0, offset: '0' })
  })
})

describe('a transaction', () => {
  const transactionalId = () => `orders-${run.id}-${++names}`

  test('is committed with all of its messages and offsets', async () => {
    const from = await endOf(topic)
    const one = await publisher({ transactionalId: transactionalId() })
    const groupId = `group-${run.id}`
    const value = await one.transaction(async (transaction) => {
      const results = await transaction.publish([order('a', { partition: 0 }), order('b', { partition: 1 })])
      expect(outcomes(results)).toEqual(['ok', 'ok'])
      await transaction.publish([order('c')])
      await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }],
      })
      return 'done'
    })
    expect(value).toBe('done')
    expect(await keysFrom(from)).toEqual(['a', 'b', 'c'])
    const offsets = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
    expect(offsets[0]?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('1')
  })

  test('waits for the publishes that its work did not wait for', async () => {
    const from = await endOf(topic)
    const one = await publisher({ transactionalId: transactionalId() })
    await one.transaction(async (transaction) => {
      void transaction.publish([order('a'), order('b')])
    })
    const failing = one.transaction(async (transaction) => {
      transaction.publish([order('c'), order('d', { topic: 'denied-topic' })]).catch(() => undefined)
    })
    expect(await failureOf(failing)).toBe('TOPIC_AUTHORIZATION_FAILED')
    expect(await keysFrom(from)).toEqual(['a', 'b'])
  })

  test('whose work throws is aborted, and the next one is not its victim', async () => {
    const from = await endOf(topic)
    const aborted: string[] = []
    const one = await publisher({
      transactionalId: transactionalId(),
      hooks: { onTransactionAbort: (error) => void aborted.push(error.message) },
    })
    const failing = one.transaction(async (transaction) => {
      await transaction.publish([order('a'), order('b')])
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    await one.transaction((transaction) => transaction.publish([order('c')]))
    expect(aborted).toEqual(['changed my mind'])
    expect(await keysFrom(from)).toEqual(['c'])
  })

  test('in which a topic is denied is aborted, even where its work looks away', async () => {
    const from = await endOf(topic)
    const one = await publisher({ transactionalId: transactionalId() })
    const failing = one.transaction(async (transaction) => {
      await transaction.publish([order('a')])
      await transaction.publish([order('b', { topic: 'denied-topic' })]).catch(() => undefined)
      await transaction.publish([order('c')]).catch(() => undefined)
    })
    expect(await failureOf(failing)).toBe('TOPIC_AUTHORIZATION_FAILED')
    await one.transaction((transaction) => transaction.publish([order('d')]))
    expect(await keysFrom(from)).toEqual(['d'])
  })

  test('that another publisher took over is fenced, and tells so', async () => {
    const from = await endOf(topic)
    const id = transactionalId()
    const fenced: unknown[] = []
    const one = await publisher({
      transactionalId: id,
      hooks: { onProducerFenced: (e) => void fenced.push(e) },
    })
    await one.transaction((transaction) => transaction.publish([order('a')]))
    const other = await publisher({ transactionalId: id })
    await other.transaction((transaction) => transaction.publish([order('b')]))
    const late = one.transaction((transaction) => transaction.publish([order('c')]))
    expect(await failureOf(late)).toMatch(/^(INVALID_PRODUCER_EPOCH|PRODUCER_FENCED)$/)
    expect(fenced).toHaveLength(1)
    expect(await keysFrom(from)).toEqual(['a', 'b'])
  })

  test('that is taken over between its sends and its commit is not committed', async () => {
    const from = await endOf(topic)
    const id = transactionalId()
    const one = await publisher({ transactionalId: id })
    const late = one.transaction(async (transaction) => {
      await transaction.publish([order('a')])
      await publisher({ transactionalId: id })
    })
    expect(await failureOf(late)).toMatch(/^(INVALID_PRODUCER_EPOCH|PRODUCER_FENCED|INVALID_TXN_STATE)$/)
    expect(await keysFrom(from)).toEqual([])
  })

  test.each([
    ['publish', PRODUCE, 'delivery_timeout'],
    ['commit', END_TXN, 'transaction_outcome_unknown'],
  ])(
    'whose %s goes nowhere ends at deliveryTimeoutMs, and the next one is not its victim',
    async (_, apiKey, code) => {
      const from = await endOf(topic)
      const connect = observedSocketFactory()
      let swallowed: number | undefined
      const one = await publisher({
        transactionalId: transactionalId(),
        deliveryTimeoutMs: 1_500,
        socketFactory(args: SocketFactoryArgs) {
          const socket = connect(args)
          const { write } = socket
          socket.write = ((chunk: Buffer, ...rest: []) =>
            apiKeyOf(chunk) === swallowed || Reflect.apply(write, socket, [chunk, ...rest])) as typeof write
          return socket
        },
      })
      const late = one.transaction(async (transaction) => {
        await transaction.publish([order('a')])
        swallowed = apiKey
        if (apiKey === PRODUCE) await transaction.publish([order('b')])
      })
      expect(await failureOf(late)).toBe(code)
      swallowed = undefined
      await one.transaction((transaction) => transaction.publish([order('c')]))
      expect(await keysFrom(from)).toEqual(['c'])
    },
  )

  test('whose commit reached the broker and was not answered is told to be unknown, and the next one works', async () => {
    const from = await endOf(topic)
    const network = networkThatLosesTheAnswer()
    const one = await publisher({ transactionalId: transactionalId(), socketFactory: network.socketFactory })
    network.loseAnswerTo(END_TXN)
    const doubtful = one.transaction((transaction) => transaction.publish([order('a')]))
    const error = await doubtful.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({
      name: 'KafkaPublishError',
      failure: { code: 'transaction_outcome_unknown' },
    })
    network.heal()
    await one.transaction((transaction) => transaction.publish([order('b')]))
    // Whoever publishes it again without a look has it twice.
    expect(await keysFrom(from)).toEqual(['a', 'b'])
    const told = await until('the span of the transaction in Jaeger', async () => {
      const spans = await jaeger(run.service, {
        operation: Span.Transaction,
        tags: { [Attribute.ErrorType]: 'transaction_outcome_unknown' },
      })
      return spans.find(({ attributes }) => attributes[Attribute.TransactionOutcome] === 'unknown')
    })
    expect(told.status).toBe('ERROR')
  })

  test('that was fenced runs again where it may recover', async () => {
    const from = await endOf(topic)
    const id = transactionalId()
    const one = await publisher({ transactionalId: id, autoRecoverFromFence: true })
    await one.transaction((transaction) => transaction.publish([order('a')]))
    await publisher({ transactionalId: id })
    let runs = 0
    await one.transaction((transaction) => {
      runs += 1
      return transaction.publish([order('b')])
    })
    expect(runs).toBe(2)
    expect(await keysFrom(from)).toEqual(['a', 'b'])
  })

  test('each publish can be one: all or nothing', async () => {
    const from = await endOf(topic)
    const one = await publisher({ transactionalId: transactionalId(), transactional: true })
    expect(one.transactional).toBe(true)
    expect(outcomes(await one.publish([order('a'), order('b')]))).toEqual(['ok', 'ok'])
    const spoiled = await one.publish([order('c'), order('d', { topic: 'denied-topic' }), order('e')])
    expect(outcomes(spoiled)).toEqual([
      'retriable: transaction_aborted',
      'fatal: TOPIC_AUTHORIZATION_FAILED',
      'retriable: transaction_aborted',
    ])
    expect(outcomes(await one.publish([order('f'), order('g', { value: 7 as never })]))).toEqual([
      'retriable: transaction_aborted',
      'poison: message_invalid',
    ])
    const large = order('i', { value: 'x'.repeat(1_100_000) })
    expect(outcomes(await one.publish([order('h'), large]))).toEqual([
      'retriable: transaction_aborted',
      'poison: MESSAGE_TOO_LARGE',
    ])
    expect(outcomes(await one.publish([order('j')]))).toEqual(['ok'])
    expect(await keysFrom(from)).toEqual(['a', 'b', 'j'])
  })

  test('that was fenced tells each message of a publish', async () => {
    const from = await endOf(topic)
    const id = transactionalId()
    const one = await publisher({ transactionalId: id, transactional: true })
    expect(outcomes(await one.publish([order('a')]))).toEqual(['ok'])
    await publisher({ transactionalId: id })
    const late = await one.publish([order('b'), order('c')])
    expect(late.map(({ errorKind }) => errorKind)).toEqual(['fenced', 'fenced'])
    expect(await keysFrom(from)).toEqual(['a'])
  })
})

test('a transaction of an instrumented kafkajs producer is a span with its sends and offsets under it, and says how it ended', async () => {
  const from = await endOf(topic)
  const credentials = credentialsOf('orders-service')
  const { sasl, ...connection } = createMskIamConnection({ region, credentials, ssl: ssl(), name: 'plain' })
  const config = { clientId: `${run.service}-plain`, brokers: [broker], logLevel: logLevel.NOTHING }
  const kafka = instrumentKafka(new Kafka({ ...config, sasl, ...connection }))
  const producer = kafka.producer({
    transactionalId: `${topic}-plain`,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  onTestFinished(async () => {
    await producer.disconnect()
    sasl.close()
  })
  await producer.connect()
  const messages = (key: string) => ({ topic, messages: [{ key, value: 'tea' }] })
  const kept = await producer.transaction()
  await kept.send(messages('kept'))
  const offsets = [{ topic, partitions: [{ partition: 0, offset: '0' }] }]
  await kept.sendOffsets({ consumerGroupId: `${topic}-plain`, topics: offsets })
  await kept.commit()
  const dropped = await producer.transaction()
  await dropped.send(messages('dropped'))
  await dropped.abort()
  expect(await keysFrom(from)).toEqual(['kept'])

  const client = { [Attribute.MessagingClientId]: config.clientId }
  const spans = await until('both transactions in Jaeger', async () => {
    const found = await jaeger(run.service, { operation: Span.Transaction, tags: client })
    return found.filter(({ name }) => name === Span.Transaction).length === 2 && found
  })
  const told = spans
    .filter(({ name }) => name === Span.Transaction)
    .sort((a, b) => a.start - b.start)
    .map(({ spanId, attributes }) => ({
      outcome: attributes[Attribute.TransactionOutcome],
      children: spans
        .filter(({ parentId }) => parentId === spanId)
        .sort((a, b) => a.start - b.start)
        .map(({ name }) => name),
    }))
  expect(told).toEqual([
    { outcome: 'commit', children: [`send ${topic}`, `commit ${topic}`] },
    { outcome: 'abort', children: [`send ${topic}`] },
  ])
})

describe('topics', () => {
  test('are created, grown, left alone or told to be too small', async () => {
    const one = await publisher()
    const [small, large] = [`${topic}-small`, `${topic}-large`]
    const mayGrow = {
      principal: 'orders-service',
      operation: 'Alter',
      permission: 'allow',
      topic: small,
    } as const
    const specs = [
      { topic: small, numPartitions: 1 },
      { topic: large, numPartitions: 3, configEntries: { 'retention.ms': '60000' } },
    ]
    expect(await one.ensureTopics(specs)).toEqual([
      { topic: small, outcome: 'created', partitions: 1 },
      { topic: large, outcome: 'created', partitions: 3 },
    ])
    const more = [{ topic: small, numPartitions: 2 }, { topic: large }]
    const unchanged = { topic: large, outcome: 'unchanged', partitions: 3 }
    expect(await one.ensureTopics(more)).toEqual([
      { topic: small, outcome: 'unchanged', partitions: 1, tooFewPartitions: true },
      unchanged,
    ])
    expect(await failureOf(one.ensureTopics(more, { growPartitions: true }))).toBe(
      'TOPIC_AUTHORIZATION_FAILED',
    )
    // From now on kafkajs knows it, for five minutes, as it is now.
    expect(outcomes(await one.publish([order('a', { topic: small, partition: 0 })]))).toEqual(['ok'])
    await addAcl(mayGrow)
    try {
      expect(await one.ensureTopics(more, { growPartitions: true })).toEqual([
        { topic: small, outcome: 'grown', partitions: 2 },
        unchanged,
      ])
    } finally {
      await removeAcl(mayGrow)
    }
    expect(outcomes(await one.publish([order('b', { topic: small, partition: 1 })]))).toEqual(['ok'])
  })

  test('are required at the connect', async () => {
    await expect(publisher({ validateTopicsOnConnect: [topic] })).resolves.toBeInstanceOf(KafkaPublisher)
    const failing = publisher({ validateTopicsOnConnect: [topic, 'orders-never-made', 'forbidden-name'] })
    await expect(failing).rejects.toThrow(/orders-never-made, forbidden-name/)
  })
})

test('a health check says that the cluster answers, or why it does not in time', async () => {
  const one = await publisher()
  const before = Date.now()
  const well = await one.healthCheck()
  expect(well).toEqual({ ok: true, latencyMs: expect.any(Number), timestamp: expect.any(Number) })
  expect(well.timestamp).toBeGreaterThanOrEqual(before)
  const late = await one.healthCheck({ timeoutMs: 1 })
  expect(late.ok).toBe(false)
  expect(codeOf(late.error)).toBe('health_check_timeout')
})
