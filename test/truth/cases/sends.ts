import type { IHeaders, Message, Producer } from 'kafkajs'
import type { InstrumentOptions } from '../../../src/index.ts'
import { deepFreeze } from '../../support/deep-freeze.ts'
import type { Case } from '../case.ts'
import type { Scene } from '../scene.ts'

const perMessageSpans: InstrumentOptions = { producer: { perMessageSpans: true } }

/** What a producer does is shown, without its connect. */
async function producing(
  scene: Scene,
  work: (producer: Producer, topic: string) => Promise<void>,
  instrument: InstrumentOptions = {},
): Promise<void> {
  const topic = await scene.topic(3)
  const producer = scene.kafka({}, {}, instrument).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  await scene.forget()
  await work(producer, topic)
  await producer.disconnect()
}

/** Of one partition, each with headers of its own. */
const numbered = (count: number): Message[] =>
  Array.from({ length: count }, (_, index) => ({
    partition: 0,
    value: `${index}`,
    headers: { index: `${index}` },
  }))

const parent = (id: number): IHeaders => ({
  traceparent: `00-0af7651916cd43dd8448eb211c80319c-${String(id).padStart(16, '0')}-01`,
})

const whole = (count: number): Case => ({
  name: `${count} messages of one partition: one span, one record of each series`,
  async run(scene) {
    await producing(scene, async (producer, topic) => {
      await producer.send(deepFreeze({ topic, messages: numbered(count) }))
      const published = await scene.cluster.published(topic)
      const contexts = new Set(published.map(({ headers }) => headers['traceparent']))
      scene.note(`published: ${published.length}, of contexts ${contexts.size}`)
    })
  },
  expected: `
    published: ${count}, of contexts 1
    spans:
      send TOPIC PRODUCER {kafka send, messaging.batch.message_count=${count}, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
    metrics:
      messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
      messaging.client.sent.messages: {messaging.destination.name=TOPIC} ${count}
      msk_iam.token.age: {}
      msk_iam.token.remaining_lifetime: {}
  `,
})

export const sends: readonly Case[] = [
  whole(100),
  whole(10_000),
  {
    name: 'messages that all carry a context: their send is no creation',
    run: (scene) =>
      producing(scene, async (producer, topic) => {
        const messages: Message[] = [
          { partition: 0, value: 'tea', headers: parent(1) },
          { partition: 1, value: null, headers: parent(2) },
          { partition: 0, value: 'milk', headers: parent(3) },
          { partition: 2, value: 'milk', headers: parent(3) },
        ]
        await producer.send(deepFreeze({ topic, messages }))
      }),
    expected: `
      spans:
        send TOPIC CLIENT {kafka send, messaging.batch.message_count=4, messaging.client.id=truth, messaging.destination.name=TOPIC, msk_iam.send.offsets=0:0,1:0,2:0} -> elsewhere {messaging.destination.partition.id=0} -> elsewhere {kafka.message.tombstone=true, messaging.destination.partition.id=1} -> elsewhere
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 4
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a message that is deleted from the topic: a tombstone',
    run: (scene) =>
      producing(scene, async (producer, topic) => {
        await producer.send({ topic, messages: [{ key: 'gone', value: null, partition: 0 }] })
      }),
    expected: `
      spans:
        send TOPIC PRODUCER {kafka send, kafka.message.tombstone=true, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a span for each message',
    run: (scene) =>
      producing(
        scene,
        async (producer, topic) => {
          const messages: Message[] = [
            { partition: 0, value: 'tea' },
            { partition: 1, value: null, headers: { reason: 'returned' } },
            { partition: 0, value: Buffer.from('milk'), headers: parent(1) },
          ]
          await producer.send(deepFreeze({ topic, messages }))
          await scene.showPublished(topic)
          const published = await scene.cluster.published(topic)
          const contexts = new Set(published.map(({ headers }) => headers['traceparent']))
          scene.note(`contexts: ${contexts.size}`)
        },
        perMessageSpans,
      ),
    expected: `
      published: 0:0 null = tea [traceparent]
      published: 0:1 null = milk [traceparent]
      published: 1:0 null = undefined [reason, traceparent]
      contexts: 3
      spans:
        create TOPIC PRODUCER {messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        create TOPIC PRODUCER {kafka.message.tombstone=true, messaging.destination.name=TOPIC, messaging.destination.partition.id=1, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        send TOPIC CLIENT {kafka send, messaging.batch.message_count=3, messaging.client.id=truth, messaging.destination.name=TOPIC, msk_iam.send.offsets=0:0,1:0} -> create TOPIC {messaging.destination.partition.id=0} -> create TOPIC {kafka.message.tombstone=true, messaging.destination.partition.id=1} -> elsewhere {messaging.destination.partition.id=0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 3
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a span for each message of several topics',
    run: (scene) =>
      producing(
        scene,
        async (producer, topic) => {
          const other = await scene.topic()
          const topicMessages = [topic, other].map((name) => ({
            topic: name,
            messages: [{ partition: 0, value: 'tea' }],
          }))
          await producer.sendBatch(deepFreeze({ topicMessages }))
        },
        perMessageSpans,
      ),
    expected: `
      spans:
        create TOPIC PRODUCER {messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        create TOPIC-2 PRODUCER {messaging.destination.name=TOPIC-2, messaging.destination.partition.id=0, messaging.message.body.size=3, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        send CLIENT {kafka send, messaging.batch.message_count=2, messaging.client.id=truth, msk_iam.send.offsets=0:0,0:0} -> create TOPIC {messaging.destination.name=TOPIC, messaging.destination.partition.id=0} -> create TOPIC-2 {messaging.destination.name=TOPIC-2, messaging.destination.partition.id=0}
      metrics:
        messaging.client.operation.duration: {} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC-2} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a span for each message, of which none is written',
    run: (scene) =>
      producing(
        scene,
        async (producer) => {
          await scene.attempt('send', () =>
            producer.send({ topic: 'denied-topic', messages: numbered(2).map(({ value }) => ({ value })) }),
          )
        },
        perMessageSpans,
      ),
    expected: `
      send:
        KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
          type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false failure=TOPIC_AUTHORIZATION_FAILED
      spans:
        create denied-topic PRODUCER {messaging.destination.name=denied-topic, messaging.message.body.size=1, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        create denied-topic PRODUCER {messaging.destination.name=denied-topic, messaging.message.body.size=1, messaging.operation.name=create, messaging.operation.type=create, messaging.system.name=kafka}
        send denied-topic CLIENT ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.batch.message_count=2, messaging.client.id=truth, messaging.destination.name=denied-topic, msk_iam.failure.hint} -> create denied-topic -> create denied-topic
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=denied-topic} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=denied-topic} 2
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
]
