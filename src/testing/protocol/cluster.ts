import { randomBytes } from 'node:crypto'
import { ErrorCode } from './api.ts'
import { type Appended, PartitionLog } from './partition-log.ts'
import type { RecordBatch } from './record-batch.ts'
import type { WireRecord } from './record-reader.ts'

export interface Node {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** A record that was published. */
export interface StoredMessage extends WireRecord {
  readonly partition: number
  readonly offset: number
}

/** A message as text, for those who publish text. */
export interface TextMessage {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  /** Of a name that came more than once, the last. */
  readonly headers: Readonly<Record<string, string | null>>
  readonly timestamp: number
}

export interface Partition {
  readonly index: number
  readonly leader: number
  readonly leaderEpoch: number
}

export interface Topic {
  readonly name: string
  /** 16 bytes. */
  readonly id: Buffer
  readonly partitions: readonly Partition[]
}

export interface ClusterOptions {
  readonly id?: string
  /** Whether Metadata creates the topics it is asked for, where the client allows it. Default: true. */
  readonly autoCreateTopics?: boolean
  /** How many partitions such a topic gets. Default: 1. */
  readonly defaultPartitions?: number
}

interface StoredPartition {
  readonly index: number
  leader: number
  leaderEpoch: number
  readonly log: PartitionLog
}

interface StoredTopic {
  readonly name: string
  readonly id: Buffer
  readonly partitions: readonly StoredPartition[]
  /** In the order in which they came. */
  readonly messages: StoredMessage[]
}

const NO_LEADER = -1
const LEGAL_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/

/** What the brokers of one cluster share: who they are, the topics with their leaders, and what was published. */
export class Cluster {
  readonly id: string
  readonly autoCreateTopics: boolean
  readonly #defaultPartitions: number
  readonly #nodes = new Map<number, Node>()
  readonly #topics = new Map<string, StoredTopic>()
  #producerIds = 0

  constructor(options: ClusterOptions = {}) {
    this.id = options.id ?? randomBytes(16).toString('base64url')
    this.autoCreateTopics = options.autoCreateTopics ?? true
    this.#defaultPartitions = options.defaultPartitions ?? 1
  }

  /** By their ids. */
  get nodes(): readonly Node[] {
    return [...this.#nodes.values()].sort((one, other) => one.nodeId - other.nodeId)
  }

  /** The node of the lowest id; -1 where there is none. */
  get controllerId(): number {
    return this.nodes[0]?.nodeId ?? -1
  }

  get topics(): readonly Topic[] {
    return [...this.#topics.keys()].flatMap((name) => this.topic(name) ?? [])
  }

  addNode(node: Node): void {
    if (this.#nodes.has(node.nodeId)) throw new Error(`Node ${node.nodeId} is there already`)
    this.#nodes.set(node.nodeId, node)
  }

  /** What it led is led by another one from then on. */
  removeNode(nodeId: number): void {
    this.#nodes.delete(nodeId)
    for (const { partitions } of this.#topics.values())
      for (const partition of partitions) if (partition.leader === nodeId) partition.leader = NO_LEADER
  }

  topic(name: string): Topic | undefined {
    const topic = this.#topics.get(name)
    for (const partition of topic?.partitions ?? []) this.#elect(partition)
    return topic
  }

  /** Leaders are spread over the nodes there are when the topic is first asked for. */
  createTopic(name: string, partitions = this.#defaultPartitions): Topic {
    if (!LEGAL_NAME.test(name)) throw new Error(`No name for a topic: ${JSON.stringify(name)}`)
    if (this.#topics.has(name)) throw new Error(`Topic ${name} is there already`)
    const stored = Array.from({ length: partitions }, (_, index) => ({
      index,
      leader: NO_LEADER,
      leaderEpoch: -1,
      log: new PartitionLog(),
    }))
    const topic = { name, id: randomBytes(16), partitions: stored, messages: [] }
    this.#topics.set(name, topic)
    return topic
  }

  isLegalName(name: string): boolean {
    return LEGAL_NAME.test(name)
  }

  moveLeader(topic: string, partition: number, nodeId: number): void {
    const stored = this.#topics.get(topic)?.partitions[partition]
    if (stored === undefined) throw new Error(`No partition ${partition} of ${topic}`)
    if (!this.#nodes.has(nodeId)) throw new Error(`No node ${nodeId}`)
    stored.leader = nodeId
    stored.leaderEpoch += 1
  }

  /** Writes a batch on behalf of the node that received it, if that is the leader. */
  append(nodeId: number, topicName: string, index: number, batch: RecordBatch): Appended {
    const topic = this.#topics.get(topicName)
    const partition = topic?.partitions[index]
    if (topic === undefined || partition === undefined)
      return { errorCode: ErrorCode.UnknownTopicOrPartition, baseOffset: -1 }
    this.#elect(partition)
    if (partition.leader !== nodeId) return { errorCode: ErrorCode.NotLeaderOrFollower, baseOffset: -1 }
    const appended = partition.log.append(batch)
    if (appended.errorCode !== ErrorCode.None || appended.duplicate) return appended
    let offset = appended.baseOffset
    for (const { key, value, headers, timestamp } of batch.records)
      topic.messages.push({ partition: index, offset: offset++, key, value, headers, timestamp })
    return appended
  }

  /** In the order in which they were written. */
  messages(topic: string): StoredMessage[] {
    return [...(this.#topics.get(topic)?.messages ?? [])]
  }

  nextProducerId(): number {
    this.#producerIds += 1
    return this.#producerIds
  }

  #elect(partition: StoredPartition): void {
    const { nodes } = this
    if (partition.leader !== NO_LEADER || nodes.length === 0) return
    partition.leader = nodes[partition.index % nodes.length]?.nodeId ?? NO_LEADER
    partition.leaderEpoch += 1
  }
}

/** The message with its bytes read as UTF-8. */
export function asText({ partition, offset, key, value, headers, timestamp }: StoredMessage): TextMessage {
  const text = (bytes: Buffer | null) => bytes?.toString('utf8') ?? null
  return {
    partition,
    offset,
    key: text(key),
    value: text(value),
    headers: Object.fromEntries(headers.map(([name, header]) => [name, text(header)])),
    timestamp,
  }
}
