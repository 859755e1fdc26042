import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import type { KafkaJsAdmin } from '../kafkajs/kafkajs-api.ts'
import type { EnsuredTopic, PublisherAdmin, TopicDescription, TopicSpec } from './publisher-types.ts'

export function publisherAdmin(admin: KafkaJsAdmin): PublisherAdmin {
  const describeTopics = withFailure(async (topics: readonly string[]): Promise<TopicDescription[]> => {
    const existing = new Set(await admin.listTopics())
    const known = topics.filter((topic) => existing.has(topic))
    const found = known.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: known })).topics
    return topics.map((topic) => ({
      topic,
      partitions: (found.find(({ name }) => name === topic)?.partitions ??
        []) as TopicDescription['partitions'],
    }))
  })
  const close = () => admin.disconnect()
  return {
    listTopics: withFailure(() => admin.listTopics()),
    describeTopics,
    createTopics: withFailure(async (specs) => {
      // kafkajs returns false where a topic exists already, and throws where a topic is in the list twice.
      if (specs.length === 0) return
      const topics = specs.map(
        ({ topic, numPartitions = -1, replicationFactor = -1, configEntries = {} }) => ({
          topic,
          numPartitions,
          replicationFactor,
          configEntries: Object.entries(configEntries).map(([name, value]) => ({ name, value })),
        }),
      )
      await admin.createTopics({ topics, waitForLeaders: true })
    }),
    createPartitions: withFailure(async (specs) => {
      const described = await describeTopics(specs.map(({ topic }) => topic))
      const growing = specs.filter(
        ({ totalCount }, index) => totalCount > (described[index]?.partitions.length ?? 0),
      )
      if (growing.length === 0) return
      const topicPartitions = growing.map(({ topic, totalCount }) => ({ topic, count: totalCount }))
      await admin.createPartitions({ topicPartitions })
    }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The same function; its errors carry code and hint. */
function withFailure<A extends unknown[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  return async (...args) => {
    try {
      return await work(...args)
    } catch (error) {
      annotate(error, classifyFailure(error))
      throw error
    }
  }
}

/** Creates what is missing, grows what is too small if it may, and reports the outcome of each. */
export async function ensureTopics(
  admin: PublisherAdmin,
  specs: readonly TopicSpec[],
  { growPartitions = false }: { readonly growPartitions?: boolean } = {},
): Promise<EnsuredTopic[]> {
  const before = await admin.describeTopics(specs.map(({ topic }) => topic))
  const count = (index: number) => before[index]?.partitions.length ?? 0
  const missing = specs.filter((_, index) => count(index) === 0)
  const tooSmall = specs.filter(
    ({ numPartitions = 0 }, index) => count(index) > 0 && count(index) < numPartitions,
  )
  await admin.createTopics(missing)
  if (growPartitions) {
    await admin.createPartitions(
      tooSmall.map(({ topic, numPartitions = 0 }) => ({ topic, totalCount: numPartitions })),
    )
  }
  const after = await admin.describeTopics(specs.map(({ topic }) => topic))
  return specs.map((spec, index) => {
    const grown = growPartitions && tooSmall.includes(spec)
    return {
      topic: spec.topic,
      outcome: missing.includes(spec) ? 'created' : grown ? 'grown' : 'unchanged',
      partitions: after[index]?.partitions.length ?? 0,
      ...(tooSmall.includes(spec) && !grown ? { tooFewPartitions: true as const } : {}),
    }
  })
}

/** @throws KafkaPublishError `topics_missing` */
export async function requireTopics(admin: PublisherAdmin, topics: readonly string[]): Promise<void> {
  const existing = new Set(await admin.listTopics())
  const missing = topics.filter((topic) => !existing.has(topic))
  if (missing.length > 0) throw new KafkaPublishError('topics_missing', { detail: missing.join(', ') })
}
