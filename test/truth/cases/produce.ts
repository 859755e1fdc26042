import { CompressionTypes } from 'kafkajs'
import type { Case } from '../case.ts'
import { published, send, tea } from '../sending.ts'

export const produce: readonly Case[] = [
  {
    name: 'one message',
    run: (scene) => published(scene, {}),
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"0","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order-1 = tea [traceparent]
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
        send TOPIC PRODUCER {kafka send, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3}
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
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:0}
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
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:0}
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
        send TOPIC PRODUCER {kafka send, kafka.offset=0, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:0}
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
]
