import { Kafka, logLevel } from 'kafkajs'
import { createMskIamConnection } from '../../../src/index.ts'
import { broker, region, ssl } from './places.ts'
import { credentialsOf } from './run.ts'

/** kafkajs as orders-service has it, for what the publisher does not do itself. */
export async function withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const connection = createMskIamConnection({
    region,
    credentials: credentialsOf('orders-service'),
    ssl: ssl(),
  })
  const admin = new Kafka({ brokers: [broker], ...connection, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
    connection.sasl.close()
  }
}

/** Those of this test, and those that a stopped run of it has left. */
export async function deleteTopics(prefix: string): Promise<void> {
  await withAdmin(async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}

export const createTopic = (topic: string, numPartitions: number): Promise<boolean> =>
  withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }))
