import type { SASLOptions } from 'kafkajs'
import type { Case } from '../case.ts'
import type { ClientOptions, Scene } from '../scene.ts'
import { gives, living, orders, saying, signedIn } from '../tokens.ts'

async function connect(scene: Scene, options: ClientOptions): Promise<void> {
  const producer = scene.kafka(options).producer()
  await scene.attempt('connect', () => producer.connect())
  await producer.disconnect()
}

async function connectWith(scene: Scene, mechanism: 'plain' | 'scram-sha-512'): Promise<void> {
  const sasl: SASLOptions = { mechanism, username: 'orders', password: 'not-a-real-password' }
  const producer = scene.kafka({}, { sasl }).producer()
  await scene.attempt('connect', () => producer.connect())
  await producer.disconnect()
}

export const refusals: readonly Case[] = [
  {
    name: 'a token for another region',
    run: (scene) => connect(scene, { region: 'us-east-1' }),
    expected: `<<>>`,
  },
  {
    name: 'another secret',
    run: (scene) => connect(scene, { credentials: { ...orders, secretAccessKey: 'another' } }),
    expected: `<<>>`,
  },
  {
    name: 'an access key that nobody has',
    run: (scene) => connect(scene, { credentials: { ...orders, accessKeyId: 'AKIALOCALNOBODY00001' } }),
    expected: `<<>>`,
  },
  {
    name: 'no permission to connect',
    run: (scene) => connect(scene, { principal: 'no-connect' }),
    expected: `<<>>`,
  },
  {
    name: 'credentials that have expired never reach the broker',
    run: (scene) =>
      connect(scene, {
        credentials: { ...orders, sessionToken: 'x', expiration: new Date(Date.now() - 1000) },
      }),
    expected: `<<>>`,
  },
  {
    name: 'a token that has expired',
    run: async (scene) => connect(scene, { signer: gives(await saying(signedIn(-1000))) }),
    expected: `<<>>`,
  },
  {
    name: 'a token for another action',
    run: async (scene) =>
      connect(scene, { signer: gives(await saying({ Action: 'kafka-cluster:WriteData' })) }),
    expected: `<<>>`,
  },
  {
    name: 'a token that is no URL',
    run: (scene) => connect(scene, { signer: gives('not~a.token') }),
    expected: `<<>>`,
  },
  {
    name: 'raw credentials never reach the broker',
    run: (scene) =>
      connect(scene, { signer: gives(`${orders.accessKeyId}:${orders.secretAccessKey}:session`) }),
    expected: `<<>>`,
  },
  {
    name: 'what invalid_signature costs with retries: it is tried again with a new token',
    async run(scene) {
      const signer = gives(await saying(signedIn(-1000)), await living(900))
      const producer = scene.kafka({ signer }, { retry: { retries: 1, initialRetryTime: 50 } }).producer()
      await scene.attempt('connect', () => producer.connect())
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'clear text to the port of TLS',
    async run(scene) {
      const producer = scene.kafka({}, { ssl: false }).producer()
      await scene.attempt('connect', () => producer.connect())
      await producer.disconnect()
    },
    expected: `<<>>`,
  },
  {
    name: 'the mechanism PLAIN',
    run: (scene) => connectWith(scene, 'plain'),
    expected: `<<>>`,
  },
  {
    name: 'the mechanism SCRAM-SHA-512',
    run: (scene) => connectWith(scene, 'scram-sha-512'),
    expected: `<<>>`,
  },
]
