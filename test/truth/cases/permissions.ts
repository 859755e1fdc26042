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
    expected: `<<>>`,
  },
  {
    name: 'a topic that may only be read',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'orders' }),
    expected: `<<>>`,
  },
  {
    name: 'a topic that may not be described, and does not exist',
    run: (scene) => send(scene, { topic: 'payments' }),
    expected: `<<>>`,
  },
  {
    name: 'a topic that may be described, does not exist, and may not be created',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'payments' }),
    expected: `<<>>`,
  },
  {
    name: 'a topic that may be described, does not exist, and is not to be created',
    run: (scene) =>
      send(scene, { principal: 'audit-service', topic: 'payments', allowAutoTopicCreation: false }),
    expected: `<<>>`,
  },
  {
    name: 'an idempotent producer that may write nothing',
    run: (scene) => send(scene, { principal: 'audit-service', topic: 'orders', idempotent: true }),
    expected: `<<>>`,
  },
]
