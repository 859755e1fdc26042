/** Settings of kafkajs's producer that the publisher has no name of its own for. */
import type { Kafka, Producer, ProducerConfig } from 'kafkajs'
import { beforeEach, expect, test, vi } from 'vitest'
import { KafkaPublisher } from '../../src/index.ts'
import { publishing } from './support/sandboxed.ts'

const seen = vi.hoisted(() => ({ configs: [] as ProducerConfig[] }))
vi.mock('kafkajs', async (original) => {
  const kafkajs = (await original()) as { default: { Kafka: typeof Kafka } }
  class Seen extends kafkajs.default.Kafka {
    override producer(config: ProducerConfig = {}): Producer {
      seen.configs.push(config)
      return super.producer(config)
    }
  }
  return { ...kafkajs, default: { ...kafkajs.default, Kafka: Seen } }
})
beforeEach(() => void seen.configs.splice(0))

test('they reach kafkajs, beside what the publisher sets', async () => {
  const raw = { metadataMaxAge: 5_000, allowAutoTopicCreation: false, maxInFlightRequests: 2 }
  const { publisher } = await publishing({}, { rawKafkaJsProducerConfig: raw })
  expect(await publisher.publish([{ topic: 'orders', value: 'tea' }])).toMatchObject([{ ok: true }])
  expect(seen.configs).toMatchObject([{ ...raw, idempotent: true }])
})

test('one that is undefined is kafkajs\u2019s or the publisher\u2019s default', async () => {
  const raw = { metadataMaxAge: undefined, allowAutoTopicCreation: undefined }
  await publishing({}, { rawKafkaJsProducerConfig: raw })
  expect(seen.configs[0]).toMatchObject({ allowAutoTopicCreation: true })
  expect(Object.keys(seen.configs[0] ?? {})).not.toContain('metadataMaxAge')
})

test.each<[string, unknown, string]>([
  ['retry', { retries: 7 }, 'does not say whether a message was written: `deliveryTimeoutMs`'],
  ['createPartitioner', () => () => 0, 'could write a message twice: give the option `partitioner`'],
  ['idempotent', false, 'give the option `idempotent`'],
  ['transactionalId', 'ledger', 'give the option `transactionalId`'],
  ['transactionTimeout', 1_000, 'Give the option `transactionTimeoutMs`'],
  ['requestTimeout', 1_000, 'Give the option `requestTimeoutMs`'],
  ['metadataMaxAgee', 1_000, 'Did you mean `metadataMaxAge`?'],
  ['maxInFlightRequests', 0, 'It takes a whole number from 1 on'],
  ['metadataMaxAge', Number.NaN, 'It takes milliseconds from 0'],
])('%s is refused with the reason', (name, value, reason) => {
  const rawKafkaJsProducerConfig = { [name]: value }
  const brokers = ['127.0.0.1:9098']
  expect(() => new KafkaPublisher({ brokers, rawKafkaJsProducerConfig })).toThrow(reason)
})
