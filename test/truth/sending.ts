import { type Message, Partitioners, type ProducerConfig, type ProducerRecord } from 'kafkajs'
import type { ClientOptions, Scene } from './scene.ts'

export interface Sending {
  readonly client?: ClientOptions
  readonly producer?: ProducerConfig
  readonly record?: Partial<ProducerRecord>
  readonly retries?: number
}

export const tea: Message = { key: 'order-1', value: 'tea' }

export async function send(
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

export async function published(scene: Scene, sending: Sending, partitions = 1): Promise<void> {
  const topic = await scene.topic(partitions)
  await send(scene, topic, sending)
  await scene.showPublished(topic)
}
