import { randomUUID } from 'node:crypto'
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { Kafka, logLevel } from 'kafkajs'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { broker, region, ssl } from '../stack/support/places.ts'
import { keysOf, type Published, SLOW_SECONDS, type TruthCluster } from './cluster.ts'

const TOPIC_PREFIX = 'orders-truth-'
const PRINCIPAL = { principal: 'orders-service' }

/** The Kafka of the compose stack. Its topics are made and read by a client that shares nothing with ours but the signer. */
export async function stackCluster(): Promise<TruthCluster & AsyncDisposable> {
  const kafka = plainKafka()
  const admin = kafka.admin()
  await admin.connect()
  return {
    brokers: [broker],
    region,
    ssl: ssl(),
    fault: (name) => setFault(name, name === 'slow' ? { ...PRINCIPAL, seconds: SLOW_SECONDS } : PRINCIPAL),
    mend: () => clearFault(PRINCIPAL),
    async createTopic(numPartitions) {
      const topic = `${TOPIC_PREFIX}${randomUUID()}`
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
      return topic
    },
    async published(topic) {
      const ends = await admin.fetchTopicOffsets(topic)
      return read(
        kafka,
        topic,
        ends.reduce((sum, { high }) => sum + Number(high), 0),
      )
    },
    async [Symbol.asyncDispose]() {
      // Those too that came into being by themselves, or were left by a run that was stopped.
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(TOPIC_PREFIX))
      if (topics.length > 0) await admin.deleteTopics({ topics })
      await admin.disconnect()
    },
  }
}

async function read(kafka: Kafka, topic: string, count: number): Promise<Published[]> {
  const messages: Published[] = []
  if (count === 0) return messages
  const consumer = kafka.consumer({ groupId: `truth-${randomUUID()}` })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      const running = consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          const { key, value, headers = {} } = message
          messages.push({
            partition,
            offset: Number(message.offset),
            key: key?.toString() ?? null,
            value: value?.toString() ?? null,
            headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
          })
          if (messages.length === count) resolve()
        },
      })
      running.catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return messages.sort((one, other) => one.partition - other.partition || one.offset - other.offset)
}

function plainKafka(): Kafka {
  const credentials = keysOf('orders-service')
  return new Kafka({
    clientId: 'truth-reader',
    brokers: [broker],
    ssl: ssl(),
    connectionTimeout: 10_000,
    logLevel: logLevel.NOTHING,
    sasl: {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => {
        const { token } = await generateAuthTokenFromCredentialsProvider({
          region,
          awsCredentialsProvider: async () => credentials,
        })
        return { value: token }
      },
    },
  })
}
