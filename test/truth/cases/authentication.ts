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
    expected: `<<>>`,
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
    expected: `<<>>`,
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
    expected: `<<>>`,
  },
]
