import { loadOptional } from '../failures/optional-package.ts'

/** The part of kafkajs 2 that the publisher uses; a test compares it with kafkajs's own types. */
export interface KafkaJs {
  readonly Kafka: new (config: object) => KafkaJsClient
  readonly Partitioners: {
    readonly DefaultPartitioner: PartitionerFactory
    readonly JavaCompatiblePartitioner: PartitionerFactory
    readonly LegacyPartitioner: PartitionerFactory
  }
  readonly CompressionCodecs: Readonly<Record<number, () => unknown>>
}

export interface KafkaJsClient {
  producer(config: object): KafkaJsProducer
  admin(config?: object): KafkaJsAdmin
}

export interface KafkaJsSender {
  send(record: {
    topic: string
    messages: KafkaJsMessage[]
    acks: number
    timeout: number
    compression: number
  }): Promise<PartitionAnswer[]>
}

export interface KafkaJsProducer extends KafkaJsSender {
  connect(): Promise<void>
  disconnect(): Promise<void>
  transaction(): Promise<KafkaJsTransaction>
}

export interface KafkaJsTransaction extends KafkaJsSender {
  commit(): Promise<void>
  abort(): Promise<void>
  sendOffsets(offsets: object): Promise<void>
}

export interface KafkaJsAdmin {
  connect(): Promise<void>
  disconnect(): Promise<void>
  listTopics(): Promise<string[]>
  createTopics(request: object): Promise<boolean>
  createPartitions(request: object): Promise<boolean>
  fetchTopicMetadata(request: {
    topics: string[]
  }): Promise<{ topics: { name: string; partitions: unknown[] }[] }>
}

export interface KafkaJsMessage {
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: Record<string, Buffer | string | (Buffer | string)[]>
  readonly partition?: number
  readonly timestamp?: string | undefined
}

/** What kafkajs answers for one partition. */
export interface PartitionAnswer {
  readonly topicName?: string
  readonly partition?: number
  readonly baseOffset?: string
}

export interface PartitionMetadata {
  readonly partitionId: number
}

export interface PartitionerArgs {
  readonly topic: string
  readonly partitionMetadata: PartitionMetadata[]
  readonly message: KafkaJsMessage
}

export type Partitioner = (args: PartitionerArgs) => number
export type PartitionerFactory = () => Partitioner

/** As in Kafka's record batches. */
export const COMPRESSION_CODES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

export async function loadKafkaJs(): Promise<KafkaJs> {
  const module = await loadOptional('kafkajs', 'to publish', () => import('kafkajs'))
  // kafkajs is CommonJS.
  return (module.default ?? module) as unknown as KafkaJs
}
