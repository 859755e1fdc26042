import type {
  KafkaJsMessage,
  KafkaJsSender,
  PartitionerArgs,
  PartitionerFactory,
  PartitionMetadata,
} from './kafkajs.ts'

/**
 * Fixes every message's partition before its first try. kafkajs would run its partitioner again on each retry, and a
 * message that moves is one that idempotence cannot recognise.
 */
export class PartitionPlanner {
  readonly #factory: PartitionerFactory
  readonly #choose: (args: PartitionerArgs) => number
  readonly #probes = new WeakMap<KafkaJsMessage, (partitions: PartitionMetadata[]) => void>()

  constructor(factory: PartitionerFactory) {
    this.#factory = factory
    this.#choose = factory()
  }

  /** For `createPartitioner` of the producers that `partitionsOf` is called with. */
  readonly createPartitioner: PartitionerFactory = () => {
    const choose = this.#factory()
    return (args) => {
      const probe = this.#probes.get(args.message)
      if (!probe) return args.message.partition ?? choose(args)
      probe(args.partitionMetadata)
      // No broker leads it, so kafkajs sends nothing, and resolves.
      return -1
    }
  }

  /** The partitions of a topic as the producer knows them, without a connection of its own. @throws what kafkajs says */
  async partitionsOf(
    producer: KafkaJsSender,
    topic: string,
    settings: { acks: number; timeout: number; compression: number },
  ): Promise<PartitionMetadata[]> {
    let found: PartitionMetadata[] = []
    const probe: KafkaJsMessage = { value: null }
    this.#probes.set(probe, (partitions) => {
      found = partitions
    })
    await producer.send({ topic, messages: [probe], ...settings })
    return found
  }

  choose(topic: string, message: KafkaJsMessage, partitionMetadata: PartitionMetadata[]): number {
    return message.partition ?? this.#choose({ topic, partitionMetadata, message })
  }
}
