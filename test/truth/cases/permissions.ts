import { Partitioners, type ProducerConfig } from 'kafkajs'
import type { Case } from '../case.ts'
import type { Scene } from '../scene.ts'

interface Sending extends ProducerConfig {
  readonly principal?: string
  readonly topic: string
}

async function send(
  scene: Scene,
  { principal = 'orders-service', topic, ...config }: Sending,
): Promise<void> {
  const retry = { retries: config.idempotent ? 1 : 0, initialRetryTime: 50 }
  const producer = scene
    .kafka({ principal }, { retry })
    .producer({ createPartitioner: Partitioners.DefaultPartitioner, ...config })
  await scene.attempt('connect', () => producer.connect())
  await scene.forget()
  await scene.attempt('send', () => producer.send({ topic, messages: [{ key: 'order', value: 'tea' }] }))
  await producer.disconnect()
}

/** Who may do what is in stack/identities.json. */
export const permissions: readonly Case[] = [
  {
    name: 'a topic that may be described, and not written',
    run: (scene) => send(scene, { topic: 'denied-topic' }),
    expected: `
      connect: done
      send:
        KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
          type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false failure=TOPIC_AUTHORIZATION_FAILED
      spans:
        send denied-topic PRODUCER ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.client.id=truth, messaging.destination.name=denied-topic, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=denied-topic} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=denied-topic} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that may only be read',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'orders' }),
    expected: `
      connect: done
      send:
        KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
          type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false failure=TOPIC_AUTHORIZATION_FAILED
      spans:
        send orders PRODUCER ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.client.id=truth, messaging.destination.name=orders, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=orders} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=orders} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that may not be described, and does not exist',
    run: (scene) => send(scene, { topic: 'payments' }),
    expected: `
      connect: done
      send:
        KafkaJSNonRetriableError: Not authorized to access topics: [Topic authorization failed]
          retriable=false failure=TOPIC_AUTHORIZATION_FAILED
          cause:
            KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
              type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false
      spans:
        send payments PRODUCER ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.client.id=truth, messaging.destination.name=payments, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=payments} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=payments} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that may be described, does not exist, and may not be created',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'payments' }),
    expected: `
      connect: done
      send:
        KafkaJSNonRetriableError: Not authorized to access topics: [Topic authorization failed]
          retriable=false failure=TOPIC_AUTHORIZATION_FAILED
          cause:
            KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
              type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false
      spans:
        send payments PRODUCER ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.client.id=truth, messaging.destination.name=payments, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=payments} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=payments} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'a topic that may be described, does not exist, and is not to be created',
    run: (scene) =>
      send(scene, { principal: 'audit-service', topic: 'payments', allowAutoTopicCreation: false }),
    expected: `
      connect: done
      send:
        KafkaJSNumberOfRetriesExceeded: This server does not host this topic-partition
          retriable=false retryCount=0 failure=UNKNOWN_TOPIC_OR_PARTITION
          cause:
            KafkaJSProtocolError: This server does not host this topic-partition
              type=UNKNOWN_TOPIC_OR_PARTITION code=3 retriable=true
      spans:
        send payments PRODUCER ERROR "Kafka answered UNKNOWN_TOPIC_OR_PARTITION" {kafka send, error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.client.id=truth, messaging.destination.name=payments, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=payments} 1
        messaging.client.sent.messages: {error.type=UNKNOWN_TOPIC_OR_PARTITION, messaging.destination.name=payments} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
  {
    name: 'an idempotent producer that may write nothing',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'orders', idempotent: true }),
    expected: `
      connect:
        KafkaJSProtocolError: Cluster authorization failed
          type=CLUSTER_AUTHORIZATION_FAILED code=31 retriable=false failure=CLUSTER_AUTHORIZATION_FAILED
      send:
        KafkaJSProtocolError: Not authorized to access topics: [Topic authorization failed]
          type=TOPIC_AUTHORIZATION_FAILED code=29 retriable=false failure=TOPIC_AUTHORIZATION_FAILED
      spans:
        send orders PRODUCER ERROR "This identity may not do that with the topic" {kafka send, error.type=TOPIC_AUTHORIZATION_FAILED, messaging.client.id=truth, messaging.destination.name=orders, messaging.message.body.size=3, msk_iam.failure.hint}
      metrics:
        messaging.client.operation.duration: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=orders} 1
        messaging.client.sent.messages: {error.type=TOPIC_AUTHORIZATION_FAILED, messaging.destination.name=orders} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
    `,
  },
]
