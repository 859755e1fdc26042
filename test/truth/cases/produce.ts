import { randomUUID } from 'node:crypto'
import {
  CompressionTypes,
  type Message,
  Partitioners,
  type ProducerConfig,
  type ProducerRecord,
} from 'kafkajs'
import type { Case } from '../case.ts'
import type { ClientOptions, Scene } from '../scene.ts'

interface Sending {
  readonly client?: ClientOptions
  readonly producer?: ProducerConfig
  readonly record?: Partial<ProducerRecord>
  readonly retries?: number
}

const tea: Message = { key: 'order-1', value: 'tea' }

async function send(
  scene: Scene,
  topic: string,
  { client, producer, record, retries = 0 }: Sending,
): Promise<void> {
  const config = { retry: { retries, initialRetryTime: 100 } }
  const sending = scene.kafka(client, config).producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    ...producer,
  })
  await sending.connect()
  await scene.forget()
  await scene.attempt('send', () => sending.send({ topic, messages: [tea], ...record }))
  await sending.disconnect()
}

async function published(scene: Scene, sending: Sending, partitions = 1): Promise<void> {
  const topic = await scene.topic(partitions)
  await send(scene, topic, sending)
  await scene.showPublished(topic)
}

/** The largest value that fits into a batch of one message with the key `k` and a traceparent. */
const LARGEST_VALUE = 1_048_447

const largest = (more: number): Sending => ({
  record: { messages: [{ key: 'k', value: 'x'.repeat(LARGEST_VALUE + more) }] },
})

export const produce: readonly Case[] = [
  {
    name: 'one message',
    run: (scene) => published(scene, {}),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order-1 = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'keyed messages go to their partitions',
    run: (scene) =>
      published(
        scene,
        { record: { messages: ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ key, value: 'tea' })) } },
        3,
      ),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"},{"topicName":"TOPIC","partition":1,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"},{"topicName":"TOPIC","partition":2,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 f = tea [traceparent]
      published: 1:0 a = tea [traceparent]
      published: 1:1 c = tea [traceparent]
      published: 2:0 b = tea [traceparent]
      published: 2:1 d = tea [traceparent]
      published: 2:2 e = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, messaging.batch.message_count=6, messaging.client.id=truth, messaging.destination.name=TOPIC, msk_iam.send.offsets=0:0,1:0,2:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 6
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'headers, a null value, and a context that is there already',
    run: (scene) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
      const messages = [
        { key: 'gone', value: null, headers: { reason: 'returned', raw: Buffer.from([1, 2]) } },
        { key: 'passed-on', value: 'tea', headers: { traceparent } },
      ]
      return published(scene, { record: { messages } })
    },
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 gone = undefined [reason, raw, traceparent]
      published: 0:1 passed-on = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, messaging.batch.message_count=2, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0} -> elsewhere
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 2
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'acks 0',
    async run(scene) {
      const topic = await scene.topic()
      await send(scene, topic, { record: { acks: 0 } })
    },
    expected: `
      send: []
      spans:
        send TOPIC PRODUCER {kafka send, messaging.client.id=truth, messaging.destination.name=TOPIC}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'acks 1',
    run: (scene) => published(scene, { record: { acks: 1 } }),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order-1 = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'an idempotent producer',
    run: (scene) => published(scene, { producer: { idempotent: true }, retries: 5 }),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order-1 = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'gzip',
    run: (scene) => published(scene, { record: { compression: CompressionTypes.GZIP } }),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order-1 = tea [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'two topics in one batch',
    async run(scene) {
      const [one, other] = [await scene.topic(), await scene.topic()]
      const producer = scene.kafka().producer()
      await producer.connect()
      await scene.forget()
      await scene.attempt('send', async () => {
        const topicMessages = [one, other].map((topic) => ({ topic, messages: [tea] }))
        const answers = await producer.sendBatch({ topicMessages })
        return [one, other].map((topic) => answers.filter(({ topicName }) => topicName === topic))
      })
      await producer.disconnect()
    },
    expected: `
      send: [[{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}],[{"topicName":"TOPIC-2","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]]
      spans:
        send PRODUCER {kafka send, messaging.batch.message_count=2, messaging.client.id=truth, msk_iam.send.offsets=0:0,0:0}
      metrics:
        messaging.client.operation.duration: {} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC-2} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that does not exist, and is not to be created',
    run: (scene) => send(scene, 'orders-truth-of-nobody', {}),
    expected: `
      send:
        KafkaJSNumberOfRetriesExceeded: This server does not host this topic-partition
          retriable=false retryCount=0 failure=UNKNOWN_TOPIC_OR_PARTITION
          cause:
            KafkaJSProtocolError: This server does not host this topic-partition
              type=UNKNOWN_TOPIC_OR_PARTITION code=3 retriable=true
      spans:
        send orders-truth-of-nobody PRODUCER ERROR "Kafka answered UNKNOWN_TOPIC_OR_PARTITION" {kafka send, error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.client.id=truth, messaging.destination.name=orders-truth-of-nobody, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=orders-truth-of-nobody} 1
        messaging.client.sent.messages: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=orders-truth-of-nobody} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'the largest message that fits',
    run: (scene) => published(scene, largest(0)),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 k = xxxxxxxxxxxxxxxxxxxx [traceparent]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a message that is one byte too large',
    run: (scene) => published(scene, largest(1)),
    expected: `
      send:
        KafkaJSProtocolError: The request included a message larger than the max message size the server will accept
          type=MESSAGE_TOO_LARGE code=10 retriable=false failure=MESSAGE_TOO_LARGE
      spans:
        send TOPIC PRODUCER ERROR "Kafka answered MESSAGE_TOO_LARGE" {kafka send, error.type=MESSAGE_TOO_LARGE, messaging.client.id=truth, messaging.destination.name=TOPIC, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=MESSAGE_TOO_LARGE, messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=MESSAGE_TOO_LARGE, messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that comes into being when it is first asked for',
    async run(scene) {
      const topic = scene.called(`orders-truth-${randomUUID()}`)
      await send(scene, topic, { producer: { allowAutoTopicCreation: true }, retries: 5 })
    },
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, msk_iam.send.offsets=0:0}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that comes into being, without retries',
    async run(scene) {
      const topic = scene.called(`orders-truth-${randomUUID()}`)
      await send(scene, topic, { producer: { allowAutoTopicCreation: true } })
    },
    expected: `
      send:
        KafkaJSNumberOfRetriesExceeded: This server does not host this topic-partition
          retriable=false retryCount=0 failure=UNKNOWN_TOPIC_OR_PARTITION
          cause:
            KafkaJSProtocolError: This server does not host this topic-partition
              type=UNKNOWN_TOPIC_OR_PARTITION code=3 retriable=true
      spans:
        send TOPIC PRODUCER ERROR "Kafka answered UNKNOWN_TOPIC_OR_PARTITION" {kafka send, error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.client.id=truth, messaging.destination.name=TOPIC, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
]
