/**
 * What is really on the broker, read by a client that shares nothing with ours but the signer. It reads up to marks
 * that it writes itself: high watermarks count transaction markers, which no consumer ever sees.
 */
import { randomUUID } from 'node:crypto'
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { Kafka, logLevel } from 'kafkajs'
import { broker, region, ssl } from './places.ts'
import { credentialsOf } from './run.ts'

export interface BrokerMessage {
  readonly partition: number
  readonly offset: string
  readonly key: string
  /** Trace and span id of its `traceparent`, `TRACE-SPAN`. */
  readonly context: string | undefined
}

type Offsets = { partition: number; offset: string }[]

/** Where a topic ends now. */
export async function endOf(topic: string): Promise<Offsets> {
  const admin = plainKafka().admin()
  await admin.connect()
  try {
    return (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({ partition, offset: high }))
  } finally {
    await admin.disconnect()
  }
}

/** How many messages were ever written to a topic that no transaction writes to. */
export const messagesIn = async (topic: string): Promise<number> =>
  (await endOf(topic)).reduce((sum, { offset }) => sum + Number(offset), 0)

/** Every message from there to now, all partitions. */
export async function readBack(topic: string, from: Offsets): Promise<BrokerMessage[]> {
  const kafka = plainKafka()
  const mark = `end-${randomUUID()}`
  await writeMarks(kafka, topic, from, mark)
  const consumer = kafka.consumer({ groupId: `read-back-${mark}` })
  const messages: BrokerMessage[] = []
  const marked = new Set<number>()
  await consumer.connect()
  try {
    await consumer.subscribe({ topic })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      const running = consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          const key = message.key?.toString() ?? ''
          if (key === mark) marked.add(partition)
          else if (!marked.has(partition)) {
            messages.push({ partition, offset: message.offset, key, context: contextOf(message.headers) })
          }
          if (marked.size === from.length) resolve()
        },
      })
      running.catch(reject)
      for (const { partition, offset } of from) consumer.seek({ topic, partition, offset })
    })
  } finally {
    await consumer.disconnect()
  }
  return messages
}

async function writeMarks(kafka: Kafka, topic: string, from: Offsets, mark: string): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  try {
    await producer.send({
      topic,
      messages: from.map(({ partition }) => ({ partition, key: mark, value: '' })),
    })
  } finally {
    await producer.disconnect()
  }
}

function contextOf(headers: Record<string, unknown> | undefined): string | undefined {
  return /^00-([0-9a-f]{32}-[0-9a-f]{16})-/.exec(String(headers?.['traceparent'] ?? ''))?.[1]
}

function plainKafka(): Kafka {
  const credentials = credentialsOf('orders-service')
  return new Kafka({
    clientId: 'read-back',
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
