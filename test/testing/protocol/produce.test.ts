import { CompressionTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import type { RequestFault } from '../../../src/testing/protocol/broker.ts'
import { producerOf, start } from './support.ts'

test('keys, headers, nulls and timestamps come through as they were sent', async () => {
  await using started = await start()
  await using producer = await producerOf(started.kafka)
  const [sent] = await producer.send({
    topic: 'orders',
    messages: [
      {
        key: 'k1',
        value: 'tea',
        headers: { traceparent: '00-a', many: ['1', '2'] },
        timestamp: '1700000000000',
      },
      { value: null, timestamp: '1700000000005' },
      { key: Buffer.from([0xff]), value: Buffer.from('☕'), timestamp: '1700000000002' },
    ],
  })
  expect(sent).toMatchObject({ topicName: 'orders', partition: 0, errorCode: 0, baseOffset: '0' })
  expect(started.cluster.messages('orders')).toEqual([
    {
      partition: 0,
      offset: 0,
      key: Buffer.from('k1'),
      value: Buffer.from('tea'),
      headers: [
        ['traceparent', Buffer.from('00-a')],
        ['many', Buffer.from('1')],
        ['many', Buffer.from('2')],
      ],
      timestamp: 1_700_000_000_000,
    },
    { partition: 0, offset: 1, key: null, value: null, headers: [], timestamp: 1_700_000_000_005 },
    {
      partition: 0,
      offset: 2,
      key: Buffer.from([0xff]),
      value: Buffer.from('☕'),
      headers: [],
      timestamp: 1_700_000_000_002,
    },
  ])
  expect(started.published('orders')[0]).toMatchObject({ key: 'k1', value: 'tea', headers: { many: '2' } })
})

test('each partition counts its own offsets', async () => {
  await using started = await start()
  started.cluster.createTopic('orders', 3)
  await using producer = await producerOf(started.kafka)
  for (let round = 0; round < 2; round += 1) {
    const messages = [0, 1, 2, 2].map((partition) => ({ value: `${round}`, partition }))
    const answers = await producer.send({ topic: 'orders', messages })
    const offsets = answers.map(({ partition, baseOffset }) => [partition, baseOffset])
    expect(offsets.sort()).toEqual([0, 1, 2].map((p) => [p, `${round * (p === 2 ? 2 : 1)}`]))
  }
  const offsets = started.published('orders').map(({ partition, offset }) => `${partition}/${offset}`)
  expect(offsets.sort()).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '2/1', '2/2', '2/3'])
})

test('sendBatch, with several topics', async () => {
  await using started = await start()
  await using producer = await producerOf(started.kafka)
  const topicMessages = ['one', 'two'].map((topic) => ({ topic, messages: [{ value: topic }] }))
  await producer.sendBatch({ topicMessages })
  expect(started.published('one')).toMatchObject([{ value: 'one' }])
  expect(started.published('two')).toMatchObject([{ value: 'two' }])
})

test.for([CompressionTypes.None, CompressionTypes.GZIP])(
  'ten thousand messages in one batch, compression %i',
  async (compression) => {
    await using started = await start()
    await using producer = await producerOf(started.kafka)
    const messages = Array.from({ length: 10_000 }, (_, i) => ({ key: `${i}`, value: `message ${i}` }))
    await producer.send({ topic: 'orders', messages, compression })
    const published = started.published('orders')
    expect(published).toHaveLength(10_000)
    expect(published[9_999]).toMatchObject({ key: '9999', value: 'message 9999', offset: 9_999 })
  },
)

test('a batch that is too large is refused as Kafka does', async () => {
  await using started = await start()
  started.cluster.createTopic('orders')
  await using producer = await producerOf(started.kafka, { retry: { retries: 0 } })
  const large = { topic: 'orders', messages: [{ value: Buffer.alloc(1_100_000) }] }
  await expect(producer.send(large)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
  expect(started.published('orders')).toEqual([])
})

test('acks 0 is not answered, and does not hold up what follows', async () => {
  await using started = await start()
  await using producer = await producerOf(started.kafka)
  await producer.send({ topic: 'orders', messages: [{ value: 'silent' }], acks: 0 })
  await producer.send({ topic: 'orders', messages: [{ value: 'told' }], acks: -1 })
  expect(started.published('orders')).toMatchObject([{ value: 'silent' }, { value: 'told' }])
})

test('every broker leads its partitions, and is sent to', async () => {
  const produced: number[] = []
  await using started = await start({
    count: 3,
    onRequest: ({ apiName, broker }) => void (apiName === 'Produce' && produced.push(broker)),
  })
  started.cluster.createTopic('orders', 6)
  await using producer = await producerOf(started.kafka)
  const messages = Array.from({ length: 6 }, (_, partition) => ({ value: `${partition}`, partition }))
  await producer.send({ topic: 'orders', messages })
  expect(produced.sort()).toEqual([0, 1, 2])
  expect(started.published('orders')).toHaveLength(6)
})

test('topics come into being where cluster and client let them', async () => {
  await using open = await start({ clusterOptions: { defaultPartitions: 4 } })
  await using producer = await producerOf(open.kafka)
  await producer.send({ topic: 'new', messages: [{ value: 'x' }] })
  expect(open.cluster.topic('new')?.partitions).toHaveLength(4)
  await using modest = await producerOf(open.kafka, { allowAutoTopicCreation: false, retry: { retries: 1 } })
  const unknown = { cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } }
  await expect(modest.send({ topic: 'other', messages: [] })).rejects.toMatchObject(unknown)

  await using closed = await start({ clusterOptions: { autoCreateTopics: false } })
  await using other = await producerOf(closed.kafka, { retry: { retries: 1 } })
  await expect(other.send({ topic: 'new', messages: [{ value: 'x' }] })).rejects.toMatchObject(unknown)
  expect(closed.cluster.topics).toEqual([])
})

test('kafkajs finds the new leader after NOT_LEADER_OR_FOLLOWER', async () => {
  await using started = await start({ count: 2 })
  started.cluster.createTopic('orders', 1)
  await using producer = await producerOf(started.kafka)
  await producer.send({ topic: 'orders', messages: [{ value: 'before' }] })
  expect(started.cluster.topic('orders')?.partitions[0]).toMatchObject({ leader: 0, leaderEpoch: 0 })
  started.cluster.moveLeader('orders', 0, 1)
  await producer.send({ topic: 'orders', messages: [{ value: 'after' }] })
  expect(started.published('orders').map(({ value }) => value)).toEqual(['before', 'after'])
  expect(started.cluster.topic('orders')?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 1 })
})

test('when a broker goes, another one leads', async () => {
  await using started = await start({ count: 2 })
  started.cluster.createTopic('orders', 2)
  await using producer = await producerOf(started.kafka)
  await producer.send({ topic: 'orders', messages: [0, 1].map((partition) => ({ value: 'a', partition })) })
  await started.broker.close()
  // One after the other: kafkajs forgets a partition whose leader moves to a broker that has already answered the send.
  for (const partition of [0, 1])
    await producer.send({ topic: 'orders', messages: [{ value: 'b', partition }] })
  expect(started.published('orders').map(({ value }) => value)).toEqual(['a', 'a', 'b', 'b'])
})

/** The fault for the first Produce only. */
function once(fault: RequestFault) {
  let left = 1
  return ({ apiName }: { apiName: string }) => (apiName === 'Produce' && left-- > 0 ? fault : undefined)
}

test.for([true, false])('a lost acknowledgement, idempotent: %s', async (idempotent) => {
  await using started = await start({ onRequest: once({ kind: 'loseAcknowledgement' }) })
  await using producer = await producerOf(started.kafka, { idempotent, maxInFlightRequests: 1 })
  for (const value of ['one', 'two'])
    await producer.send({ topic: 'orders', messages: [{ value, partition: 0 }] })
  const values = started.published('orders').map(({ value }) => value)
  expect(values).toEqual(idempotent ? ['one', 'two'] : ['one', 'one', 'two'])
})

test.for<RequestFault>([
  { kind: 'close' },
  { kind: 'reset' },
  { kind: 'delay', ms: 300 },
  { kind: 'error', errorCode: 6 },
])('kafkajs gets over $kind of one Produce', async (fault) => {
  await using started = await start({ onRequest: once(fault) })
  await using producer = await producerOf(started.kafka)
  const begun = performance.now()
  await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
  if (fault.kind === 'delay') expect(performance.now() - begun).toBeGreaterThan(295)
  expect(started.published('orders')).toHaveLength(1)
})

test('a hanging Produce, and what follows it on the connection, is for the client to end', async () => {
  await using started = await start({ onRequest: once({ kind: 'hang' }), config: { requestTimeout: 100 } })
  await using producer = await producerOf(started.kafka, { retry: { retries: 1 } })
  const sending = producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
  await expect(sending).rejects.toMatchObject({ cause: { name: 'KafkaJSRequestTimeoutError' } })
  expect(started.published('orders')).toEqual([])
})
