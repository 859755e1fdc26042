import type { Kafka } from 'kafkajs'
import type { Case } from '../case.ts'
import { keysOf } from '../cluster.ts'
import type { ClientOptions, Scene } from '../scene.ts'
import { gives, living, signed } from '../tokens.ts'

/** Of a session of 12 s: kafkajs authenticates again 1 s after it began. */
const DUE = { threshold: 11_000, afterMs: 1_050 }

interface Publishing {
  readonly topic: string
  readonly producer: ReturnType<Kafka['producer']>
  readonly send: () => Promise<unknown>
}

async function publishing(
  scene: Scene,
  options: ClientOptions = {},
  reauthenticationThreshold = DUE.threshold,
): Promise<Publishing> {
  const topic = await scene.topic()
  const config = { reauthenticationThreshold, requestTimeout: 1_000 }
  const producer = scene.kafka(options, config).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const messages = [{ key: 'order', value: 'tea' }]
  await producer.send({ topic, messages })
  await scene.forget()
  return { topic, producer, send: () => producer.send({ topic, messages }) }
}

export const reauthentication: readonly Case[] = [
  {
    name: 'a session is renewed under a send, with the token that there is',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      await scene.attempt('send', send)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'a session is renewed once under sends that come together',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      await scene.attempt('three sends', async () => (await Promise.all([send(), send(), send()])).length)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'a re-authentication that is denied, and the send after it',
    shortSessions: true,
    async run(scene) {
      const { producer, send, topic } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('deny')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
      await scene.showPublished(topic)
    },
    expected: `<<>>`,
  },
  {
    name: 'a re-authentication that is throttled, and tried again',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('throttle')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'a re-authentication that gets no answer, and the send after it',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('slow')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'a re-authentication as somebody else',
    shortSessions: true,
    async run(scene) {
      const first = { token: await living(900), saysSeconds: 5 }
      const signer = gives(first, await signed(keysOf('audit-service')))
      // Asked for a token that lives longer when the time comes, and not before.
      const { producer, send } = await publishing(scene, {
        signer,
        minTokenLifeMs: 4_500,
        refreshAheadMs: 0,
        backgroundRefresh: false,
      })
      await scene.pass(DUE.afterMs)
      await scene.attempt('send', send)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'sessions shorter than the threshold: two re-authentications within a second',
    async run(scene) {
      const topic = await scene.topic()
      const producer = scene.kafka({}, { reauthenticationThreshold: 60_000 }).producer()
      await scene.attempt('connect', () => producer.connect())
      for (const attempt of ['first send', 'second send', 'third send'])
        await scene.attempt(attempt, () =>
          producer.send({ topic, messages: [{ key: 'order', value: 'tea' }] }),
        )
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'a session that ended before the client authenticated again',
    async run(scene) {
      const signer = gives(await living(2))
      const { producer, send } = await publishing(scene, { signer }, -60_000)
      await scene.pass(2_050)
      await scene.attempt('send', send)
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
]
