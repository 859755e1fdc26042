import { mintCredentials } from '../../../src/testing/iam/local-keys.ts'
import type { Case } from '../case.ts'

const minutes = 60_000

export const authentication: readonly Case[] = [
  {
    name: 'a producer connects: one authentication, one signed token',
    async run(scene) {
      const producer = scene.kafka().producer()
      await scene.attempt('connect', () => producer.connect())
      await producer.disconnect()
    },
    expected: `
      connect: done
      spans:
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'two clients of one provider use one token',
    async run(scene) {
      const kafka = scene.kafka()
      const [producer, admin] = [kafka.producer(), kafka.admin()]
      await scene.attempt('producer', () => producer.connect())
      await scene.attempt('admin', () => admin.connect())
      await producer.disconnect()
      await admin.disconnect()
    },
    expected: `
      producer: done
      admin: done
      spans:
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=admin}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        msk_iam.authentication.duration: {} 2
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1 {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'temporary credentials, as of a role',
    async run(scene) {
      const credentials = mintCredentials('orders-service', new Date(Date.now() + 60 * minutes))
      const admin = scene.kafka({ credentials }).admin()
      await scene.attempt('connect', () => admin.connect())
      await scene.attempt('describe the cluster', async () => {
        const { brokers, clusterId } = await admin.describeCluster()
        return { brokers: brokers.length, clusterId: /^[\w-]{22}$/.test(clusterId) }
      })
      await admin.disconnect()
    },
    expected: `
      connect: done
      describe the cluster: {"brokers":1,"clusterId":true}
      spans:
        msk_iam.connect INTERNAL {msk_iam.client.type=admin}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {} 1
        msk_iam.credentials.remaining_lifetime: {}
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
]
