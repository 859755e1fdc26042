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
    expected: `<<>>`,
  },
  {
    name: 'keyed messages go to their partitions',
    run: (scene) =>
      published(
        scene,
        { record: { messages: ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ key, value: 'tea' })) } },
        3,
      ),
    expected: `<<>>`,
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
    expected: `<<>>`,
  },
  {
    name: 'acks 0',
    async run(scene) {
      const topic = await scene.topic()
      await send(scene, topic, { record: { acks: 0 } })
    },
    expected: `<<>>`,
  },
  {
    name: 'acks 1',
    run: (scene) => published(scene, { record: { acks: 1 } }),
    expected: `<<>>`,
  },
  {
    name: 'an idempotent producer',
    run: (scene) => published(scene, { producer: { idempotent: true }, retries: 5 }),
    expected: `<<>>`,
  },
  {
    name: 'gzip',
    run: (scene) => published(scene, { record: { compression: CompressionTypes.GZIP } }),
    expected: `<<>>`,
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
    expected: `<<>>`,
  },
  {
    name: 'a topic that does not exist, and is not to be created',
    run: (scene) => send(scene, 'orders-truth-of-nobody', {}),
    expected: `<<>>`,
  },
  {
    name: 'the largest message that fits',
    run: (scene) => published(scene, largest(0)),
    expected: `<<>>`,
  },
  {
    name: 'a message that is one byte too large',
    run: (scene) => published(scene, largest(1)),
    expected: `<<>>`,
  },
  {
    name: 'a topic that comes into being when it is first asked for',
    async run(scene) {
      const topic = scene.called(`orders-truth-${randomUUID()}`)
      await send(scene, topic, { producer: { allowAutoTopicCreation: true }, retries: 5 })
    },
    expected: `<<>>`,
  },
  {
    name: 'a topic that comes into being, without retries',
    async run(scene) {
      const topic = scene.called(`orders-truth-${randomUUID()}`)
      await send(scene, topic, { producer: { allowAutoTopicCreation: true } })
    },
    expected: `<<>>`,
  },
]
