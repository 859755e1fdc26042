import { randomUUID } from 'node:crypto'
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import type { StoredMessage } from '../../src/testing/protocol/cluster.ts'
import { broker, region, ssl } from '../stack/support/places.ts'
import { keysOf } from '../truth/cluster.ts'
import { type Place, tokenFor } from './place.ts'
import type { ClusterSettings, Program } from './program.ts'

/** What a program names and what is there only once: topics, groups, transactional ids. */
const NAMES = ['orders', 'payments', 'group', 'tx']

/** Names of a run's own; `orders-service` may write to topics that begin with `orders`. */
const prefix = (run: string) => `orders-differential-${run}-`

/** The program with names of its own. */
export function renamed(program: Program, run: string): Program {
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return NAMES.includes(value) ? prefix(run) + value : value
    if (Array.isArray(value)) return value.map(rename)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        NAMES.includes(key) ? prefix(run) + key : key,
        rename(inner),
      ]),
    )
  }
  return rename(program) as Program
}

/** The real broker of the stack, with topics of the run's own. */
export async function stackPlace({ topics }: ClusterSettings, run: string): Promise<Place> {
  const token = () => tokenFor(region, keysOf('orders-service'))
  const kafka = new Kafka({
    clientId: 'differential-reader',
    brokers: [broker],
    ssl: ssl(),
    connectionTimeout: 10_000,
    logLevel: logLevel.NOTHING,
    sasl: {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: (await token()).token }),
    },
  })
  const admin = kafka.admin()
  await admin.connect()
  const made = Object.entries(topics).map(([topic, numPartitions]) => ({ topic, numPartitions }))
  await admin.createTopics({ topics: made, waitForLeaders: false })
  await Promise.all(Object.keys(topics).map((topic) => until(() => admin.fetchTopicOffsets(topic))))
  const no = () => {
    throw new Error('only the sandbox has faults')
  }
  return {
    brokers: [broker],
    names: new Map([[prefix(run), '']]),
    region,
    ssl: ssl(),
    token,
    async stored() {
      const stored: Record<string, StoredMessage[]> = {}
      for (const topic of Object.keys(topics)) {
        const ends = await admin.fetchTopicOffsets(topic)
        stored[topic] = await read(
          kafka,
          topic,
          new Map(ends.map(({ partition, high }) => [partition, Number(high)])),
        )
      }
      return stored
    },
    authentications: [],
    unsupported: [],
    addFault: no,
    mend: no,
    moveLeader: no,
    expireSessions: no,
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: Object.keys(topics) })
      await admin.disconnect()
    },
  }
}

/** kafkajs does not wait for a topic of which its broker has not heard yet. */
async function until(work: () => Promise<unknown>, attempts = 50): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (attempts === 0) throw error
    await new Promise((resolve) => setTimeout(resolve, 100))
    await until(work, attempts - 1)
  }
}

/** Up to the end of each partition, the markers of transactions included, and what was aborted too. */
async function read(
  kafka: Kafka,
  topic: string,
  ends: ReadonlyMap<number, number>,
): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = []
  const missing = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition))
  if (missing.size === 0) return messages
  const consumer = kafka.consumer({
    groupId: `orders-differential-reader-${randomUUID()}`,
    readUncommitted: true,
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const seen = (partition: number, next: number) => {
        if (next >= (ends.get(partition) ?? 0)) missing.delete(partition)
        if (missing.size === 0) resolve()
      }
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      // Of a batch that holds nothing but markers, only this is told.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
        seen(payload.partition, Number(payload.lastOffset) + 1),
      )
      consumer.on(consumer.events.FETCH, () => setTimeout(resolve, 1_500).unref())
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            messages.push(storedMessage(partition, message))
            seen(partition, Number(message.offset) + 1)
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return messages.sort((one, other) => one.partition - other.partition || one.offset - other.offset)
}

const storedMessage = (partition: number, { key, value, headers = {}, offset, timestamp }: KafkaMessage) => ({
  partition,
  offset: Number(offset),
  key,
  value,
  headers: Object.entries(headers).flatMap(([name, text]) =>
    [text]
      .flat()
      .map((one) => [name, one === undefined ? null : Buffer.from(String(one), 'latin1')] as const),
  ),
  timestamp: Number(timestamp),
})
