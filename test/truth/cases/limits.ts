import { randomUUID } from 'node:crypto'
import type { Case } from '../case.ts'
import { published, type Sending, send } from '../sending.ts'

/** The largest value that fits into a batch of one message with the key `k` and a traceparent. */
const LARGEST_VALUE = 1_048_447

const largest = (more: number): Sending => ({
  record: { messages: [{ key: 'k', value: 'x'.repeat(LARGEST_VALUE + more) }] },
})

export const limits: readonly Case[] = [
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
        send orders-truth-of-nobody PRODUCER ERROR "Kafka answered UNKNOWN_TOPIC_OR_PARTITION" {kafka send, error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.client.id=truth, messaging.destination.name=orders-truth-of-nobody, messaging.message.body.size=3, msk_iam.failure.hint}
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
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=1048447, msk_iam.send.offsets=0:0}
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
        send TOPIC PRODUCER ERROR "Kafka answered MESSAGE_TOO_LARGE" {kafka send, error.type=MESSAGE_TOO_LARGE, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=1048448, msk_iam.failure.hint}
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
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:0}
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
        send TOPIC PRODUCER ERROR "Kafka answered UNKNOWN_TOPIC_OR_PARTITION" {kafka send, error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=TOPIC} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
]
