import { KafkaPublishError } from '../../failures/errors.ts'
import type {
  KafkaJsMessage,
  KafkaJsSender,
  Partitioner,
  PartitionerFactory,
  PartitionMetadata,
} from '../../kafkajs/kafkajs-api.ts'
import { kindOf } from '../../options/check.ts'
import { unawaited } from '../../telemetry/guard.ts'
import type { Failed } from './shared-outcome.ts'

/** A symbol, since other instrumentations (dd-trace) give kafkajs copies of messages, and a copy has it too. */
const ON_PARTITIONS = Symbol('kafka-iam-otel.partitions')

/** A message that is never sent: with it, kafkajs reports the partitions of its topic. */
interface Probe extends KafkaJsMessage {
  readonly [ON_PARTITIONS]?: (partitions: PartitionMetadata[]) => void
}

/**
 * Chooses the partition of every message once, before its first try. kafkajs would run its partitioner again on each retry, and a
 * broker does not recognise a repetition in another partition.
 */
export class PartitionSplitter {
  readonly #choose: Partitioner

  constructor(choose: Partitioner) {
    this.#choose = choose
  }

  /** Has to be the `createPartitioner` of the producers that `partitionsOf` is called with. */
  readonly createPartitioner: PartitionerFactory = () => (args) => {
    const { [ON_PARTITIONS]: found, partition } = args.message as Probe
    if (!found) return partition as number
    found(args.partitionMetadata)
    // No broker leads partition -1, so kafkajs sends nothing, and resolves.
    return -1
  }

  /** The partitions of a topic as the producer knows them, without another connection. @throws what kafkajs throws */
  async partitionsOf(
    producer: KafkaJsSender,
    topic: string,
    settings: { acks: number; timeout: number; compression: number },
  ): Promise<PartitionMetadata[]> {
    let found: PartitionMetadata[] = []
    const probe: Probe = {
      value: null,
      [ON_PARTITIONS]: (partitions) => {
        found = partitions
      },
    }
    await producer.send({ topic, messages: [probe], ...settings })
    return found
  }

  /** The messages by partition; each message that has none is an entry of its own, under the reason. */
  split<T extends { readonly message: KafkaJsMessage }>(
    topic: string,
    items: readonly T[],
    partitionMetadata: PartitionMetadata[],
  ): Map<number | Failed, T[]> {
    const known = new Set(partitionMetadata.map(({ partitionId }) => partitionId))
    // Copies, since kafkajs and other calls use the same objects, and a partitioner of the user's may write into them.
    const copies = partitionMetadata.map((one) => ({ ...one }))
    return Map.groupBy(items, ({ message }) => {
      if (message.partition !== undefined) return message.partition
      try {
        const chosen: unknown = this.#choose({ topic, partitionMetadata: copies, message })
        if (known.has(chosen as number)) return chosen as number
        // It may be a promise, which nobody else handles.
        unawaited(chosen)
        return noPartition(`returned ${kindOf(chosen)}, which is no partition of the topic`)
      } catch (original) {
        return noPartition('threw an error', original)
      }
    })
  }
}

const HINT =
  '`partitioner` makes a function that returns the `partitionId` of one of the partitions in its `partitionMetadata`: a number, not a promise. Nothing was sent for this message.'

function noPartition(did: string, original?: unknown): Failed {
  const details = { detail: `the partitioner ${did}`, hint: HINT, original }
  return { error: new KafkaPublishError('message_invalid', details), kind: 'poison', notTried: true }
}
