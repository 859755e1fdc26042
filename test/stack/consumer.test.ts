import {
  type Consumer,
  type ConsumerConfig,
  type ConsumerCrashEvent,
  type ConsumerRunConfig,
  Kafka,
  type Producer,
} from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { createMskIamConnection, type Failure, instrumentKafka, type MskIamSasl } from '../../src/index.ts'
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { type JaegerSpan, jaeger } from './support/jaeger.ts'
import { broker, region, ssl } from './support/places.ts'
import { prometheus, type Sample } from './support/prometheus.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { until } from './support/until.ts'

const principal = 'orders-service'
let run: Run
let sasl: MskIamSasl
let kafka: Kafka
let producer: Producer
const running = new Set<Consumer>()

beforeAll(async () => {
  run = startRun('consumer')
  const connection = createMskIamConnection({
    region,
    name: 'consumer',
    credentials: credentialsOf(principal),
    ssl: ssl(),
  })
  sasl = connection.sasl
  kafka = instrumentKafka(new Kafka({ clientId: run.service, brokers: [broker], ...connection }))
  producer = kafka.producer()
  await producer.connect()
})

afterEach(async () => {
  clearFault()
  await Promise.all([...running].map((consumer) => consumer.disconnect()))
  running.clear()
})

afterAll(async () => {
  await producer?.disconnect()
  sasl?.close()
  await run?.stop()
})

/** A topic and a group of one name, which nobody else uses. */
async function newTopic(what: string, numPartitions = 1): Promise<string> {
  const topic = `orders-${what}-${run.id}`
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
  return topic
}

async function member(
  topic: string,
  config: ConsumerRunConfig,
  settings: Partial<ConsumerConfig> = {},
): Promise<Consumer> {
  const consumer = kafka.consumer({
    groupId: topic,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 500,
    retry: { retries: 1, initialRetryTime: 200 },
    ...settings,
  })
  running.add(consumer)
  const joined = nextOf(consumer, 'GROUP_JOIN')
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run(config)
  await joined
  return consumer
}

const nextOf = <P>(consumer: Consumer, event: 'GROUP_JOIN' | 'CRASH') =>
  new Promise<P>((resolve) => {
    const stop = consumer.on(consumer.events[event], ({ payload }) => {
      stop()
      resolve(payload as P)
    })
  })

const tea = (count: number) => Array.from({ length: count }, () => ({ value: 'tea' }))

/** All spans of the traces that have a span of this name, once there are as many of it as asked for. */
const spansOf = (operation: string, count = 1) =>
  until(`${count} × ${operation} in Jaeger`, async () => {
    const all = await jaeger(run.service, { operation })
    const found = all.filter(({ name }) => name === operation)
    return found.length >= count && { found, all }
  })

const parentOf = (span: JaegerSpan | undefined, all: JaegerSpan[]) =>
  all.find(({ traceId, spanId }) => traceId === span?.traceId && spanId === span.parentId)

const series = (metric: string, group: string, labels = ''): Promise<Sample[]> =>
  prometheus(`${metric}{service_name="${run.service}",messaging_consumer_group_name="${group}"${labels}}`)

const reaches = (metric: string, group: string, wanted: number) =>
  until(`${metric} of ${group} to be ${wanted}`, async () => {
    const samples = await series(metric, group)
    if (samples.length === 1 && samples[0]?.value === wanted) return true
    throw new Error(`it is ${JSON.stringify(samples)}`)
  })

test('a message is one trace from send to handler, through the real broker', async () => {
  const topic = await newTopic('trace')
  await member(topic, { eachMessage: async () => undefined })
  await producer.send({ topic, messages: tea(3) })
  const { found, all } = await spansOf(`process ${topic}`, 3)
  const [send] = all.filter(({ name }) => name === `send ${topic}`)
  expect(found).toHaveLength(3)
  for (const span of found) {
    expect(span.traceId).toBe(send?.traceId)
    expect(span.parentId).toBe(send?.spanId)
    expect(span.links).toEqual([`${send?.traceId}-${send?.spanId}`])
    expect(span).toMatchObject({
      kind: 'consumer',
      status: 'UNSET',
      attributes: {
        [Attribute.MessagingConsumerGroup]: topic,
        [Attribute.MessagingClientId]: run.service,
        [Attribute.MessagingPartition]: '0',
        [Attribute.MessagingBodySize]: 3,
      },
    })
  }
  expect(found.map(({ attributes }) => attributes[Attribute.KafkaOffset]).sort()).toEqual([0, 1, 2])
})

test('a batch is one root with a link to each send', async () => {
  const topic = await newTopic('batch')
  for (const _ of [1, 2, 3]) await producer.send({ topic, messages: tea(2) })
  const sizes: number[] = []
  await member(topic, { eachBatch: async ({ batch }) => void sizes.push(batch.messages.length) })
  await until('all messages', () => sizes.reduce((sum, size) => sum + size, 0) === 6)
  const { found: sends } = await spansOf(`send ${topic}`, 3)
  const { found: processed } = await spansOf(`process ${topic}`, sizes.length)
  expect(processed).toHaveLength(sizes.length)
  for (const span of processed) expect(span.parentId).toBeUndefined()
  expect(processed.flatMap(({ links }) => links).sort()).toEqual(
    sends.map(({ traceId, spanId }) => `${traceId}-${spanId}`).sort(),
  )
  expect(processed.map(({ attributes }) => attributes[Attribute.MessagingBatchCount]).sort()).toEqual(
    [...sizes].sort(),
  )
})

test('what a handler sends is in the same trace', async () => {
  const [topic, next] = [await newTopic('first'), await newTopic('second')]
  await member(topic, {
    eachMessage: async () => void (await producer.send({ topic: next, messages: tea(1) })),
  })
  await producer.send({ topic, messages: tea(1) })
  const { found, all } = await spansOf(`send ${next}`)
  const process = parentOf(found[0], all)
  expect(process?.name).toBe(`process ${topic}`)
  expect(parentOf(process, all)?.name).toBe(`send ${topic}`)
})

test('messages behind rise by what was published while it was paused, and fall as they are handled', async () => {
  const topic = await newTopic('behind')
  let release = () => {}
  let hold: Promise<void> | undefined
  const consumer = await member(topic, { eachMessage: async () => hold })
  await producer.send({ topic, messages: tea(1) })
  await reaches('msk_iam_consumer_messages_behind', topic, 0)

  consumer.pause([{ topic }])
  hold = new Promise((resolve) => {
    release = resolve
  })
  await producer.send({ topic, messages: tea(100) })
  consumer.resume([{ topic }])
  await reaches('msk_iam_consumer_messages_behind', topic, 100)

  release()
  await reaches('msk_iam_consumer_messages_behind', topic, 0)
  await reaches('messaging_client_consumed_messages_total', topic, 101)
})

test('a second member is a re-balance of the first', async () => {
  const topic = await newTopic('members', 2)
  const first = await member(topic, { eachMessage: async () => undefined })
  const again = nextOf(first, 'GROUP_JOIN')
  await member(topic, { eachMessage: async () => undefined })
  await again
  await reaches('msk_iam_consumer_rebalances_total', topic, 1)
  const [sample] = await series('msk_iam_consumer_rebalances_total', topic)
  expect(sample?.labels['msk_iam_rebalance_reason']).toBe('group_changed')
})

test('a handler that is slower than the session loses the membership, and handles its message again', async () => {
  const topic = await newTopic('slow')
  let release = () => {}
  const hold = new Promise<void>((resolve) => {
    release = resolve
  })
  let handled = 0
  const consumer = await member(
    topic,
    {
      eachMessage: async () => {
        handled += 1
        await hold
      },
    },
    { sessionTimeout: 6_000 },
  )
  await producer.send({ topic, messages: tea(1) })
  const again = nextOf(consumer, 'GROUP_JOIN')
  const admin = kafka.admin()
  await admin.connect()
  try {
    await until('the group to be empty', async () => {
      const { groups } = await admin.describeGroups([topic])
      return handled === 1 && groups[0]?.members.length === 0
    })
  } finally {
    await admin.disconnect()
    release()
  }
  await again
  await until('the message again', () => handled === 2)
  await reaches('msk_iam_consumer_rebalances_total', topic, 1)
  const [sample] = await series('msk_iam_consumer_rebalances_total', topic)
  expect(sample?.labels['msk_iam_rebalance_reason']).toBe('membership_lost')
})

test('a handler that fails is a span for each try, a crash, and the same message again after the restart', async () => {
  class OrderRejected extends Error {}
  const topic = await newTopic('failing')
  let failures = 0
  const handled: string[] = []
  const consumer = await member(topic, {
    eachMessage: async ({ message }) => {
      // The first try and its retry, and then the consumer is started again.
      if (failures < 2) {
        failures += 1
        throw new OrderRejected('order 4711')
      }
      handled.push(message.offset)
    },
  })
  const crashed = nextOf<ConsumerCrashEvent['payload']>(consumer, 'CRASH')
  await producer.send({ topic, messages: tea(1) })
  expect((await crashed).restart).toBe(true)
  const { found, all } = await spansOf(`process ${topic}`, 3)
  expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1)
  expect(found.sort((a, b) => a.start - b.start).map(({ attributes }) => attributes['error.type'])).toEqual([
    'OrderRejected',
    'OrderRejected',
    undefined,
  ])
  expect(handled).toEqual(['0'])
  await reaches('msk_iam_consumer_crashes_total', topic, 1)
  const [sample] = await series('msk_iam_consumer_crashes_total', topic)
  expect(sample?.labels).toMatchObject({ error_type: 'OrderRejected', msk_iam_consumer_restarts: 'true' })
})

test('a commit of a partition that is none is refused by name, and commits are counted', async () => {
  const topic = await newTopic('commits')
  const consumer = await member(topic, { eachMessage: async () => undefined })
  await producer.send({ topic, messages: tea(1) })
  await reaches('msk_iam_consumer_commits_total', topic, 1)
  const refused = await consumer.commitOffsets([{ topic, partition: 99, offset: '1' }]).then(
    () => undefined,
    (error: Error & { failure?: Failure }) => error,
  )
  expect(refused?.failure?.code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  const { found } = await spansOf(`commit ${topic}`)
  expect(found).toMatchObject([
    { kind: 'client', status: 'ERROR', attributes: { 'error.type': 'UNKNOWN_TOPIC_OR_PARTITION' } },
  ])
  // The try and its retry.
  await until('the refused commits in Prometheus', async () => {
    const refused = await series('msk_iam_consumer_commits_total', topic, ',error_type="_OTHER"')
    return refused[0]?.value === 2
  })
  const [accepted] = await series('msk_iam_consumer_commits_total', topic, ',error_type=""')
  expect(accepted?.value).toBe(1)
})

test('denied when its session ends, it crashes with the code of the refusal, which has spans of its own', async () => {
  setFault('short-session', { principal })
  const topic = await newTopic('denied')
  const consumer = await member(topic, { eachMessage: async () => undefined })
  const crashed = nextOf<ConsumerCrashEvent['payload']>(consumer, 'CRASH')
  setFault('deny', { principal })
  const { error, restart } = await crashed
  clearFault({ principal })
  // For good: kafkajs restarts after what is retriable alone.
  expect(restart).toBe(false)
  expect((error as Error & { failure?: Failure }).failure).toMatchObject({
    code: 'access_denied',
    hint: expect.stringContaining('kafka-cluster:Connect'),
    requestId: expect.any(String),
  })
  const samples = await until('the crash in Prometheus', async () => {
    const found = await series('msk_iam_consumer_crashes_total', topic)
    return found.length > 0 && found
  })
  expect(
    samples.map(({ labels, value }) => [labels['error_type'], labels['msk_iam_consumer_restarts'], value]),
  ).toEqual([['access_denied', 'false', 1]])
  const { found } = await until('the refused authentication in Jaeger', async () => {
    const all = await jaeger(run.service, {
      operation: Span.Authenticate,
      tags: { [Attribute.ErrorType]: 'access_denied' },
    })
    const found = all.filter(({ attributes }) => attributes[Attribute.ErrorType] === 'access_denied')
    return found.length > 0 && { found }
  })
  for (const span of found) expect(span.parentId).toBeUndefined()
})
