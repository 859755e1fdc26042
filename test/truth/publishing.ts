import type { Kafka, KafkaConfig } from 'kafkajs'
import type { ClientOptions, Scene } from './scene.ts'

/** Of a session of 12 s: kafkajs authenticates again 1 s after it began. */
export const DUE = { threshold: 11_000, afterMs: 1_050 }

interface Publishing {
  readonly topic: string
  readonly producer: ReturnType<Kafka['producer']>
  readonly send: () => Promise<unknown>
}

export async function publishing(
  scene: Scene,
  options: ClientOptions = {},
  config: Partial<KafkaConfig> = {},
): Promise<Publishing> {
  const topic = await scene.topic()
  const producer = scene
    .kafka(options, { reauthenticationThreshold: DUE.threshold, ...config })
    .producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const messages = [{ key: 'order', value: 'tea' }]
  await producer.send({ topic, messages })
  await scene.forget()
  return { topic, producer, send: () => producer.send({ topic, messages }) }
}
