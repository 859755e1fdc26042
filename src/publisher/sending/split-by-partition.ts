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
import type { PublishErrorKind } from '../publisher-types.ts'

/** Why messages were not sent, or may not have been. */
export interface Failed {
  readonly error: unknown
  readonly kind: PublishErrorKind
  /** It was refused in this process: nothing was handed to kafkajs. */
  readonly notTried?: true
}

/** A symbol, since other instrumentations (dd-trace) hand kafkajs copies of messages, and a copy has it too. */
const FOUND = Symbol('kafka-iam-otel.partitions')

/** A message that asks for the partitions of its topic, and is not sent. */
interface Probe extends KafkaJsMessage {
  readonly [FOUND]?: (partitions: PartitionMetadata[]) => void
}

/**
 * Fixes every message's partition before its first try. kafkajs would run its partitioner again on each retry, and a
 * message that moves is one that idempotence cannot recognise.
 */
export class PartitionPlanner {
  readonly #choose: Partitioner

  constructor(choose: Partitioner) {
    this.#choose = choose
  }

  /** For `createPartitioner` of the producers that `partitionsOf` is called with. */
  readonly createPartitioner: PartitionerFactory = () => (args) => {
    const { [FOUND]: found, partition } = args.message as Probe
    if (!found) return partition as number
    found(args.partitionMetadata)
    // No broker leads it, so kafkajs sends nothing, and resolves.
    return -1
  }

  /** The partitions of a topic as the producer knows them, without a connection of its own. @throws what kafkajs says */
  async partitionsOf(
    producer: KafkaJsSender,
    topic: string,
    settings: { acks: number; timeout: number; compression: number },
  ): Promise<PartitionMetadata[]> {
    let found: PartitionMetadata[] = []
    const probe: Probe = {
      value: null,
      [FOUND]: (partitions) => {
        found = partitions
      },
    }
    await producer.send({ topic, messages: [probe], ...settings })
    return found
  }

  /** The messages by partition; each one without a partition by itself, with the reason. */
  byPartition<T extends { readonly message: KafkaJsMessage }>(
    topic: string,
    items: readonly T[],
    partitionMetadata: PartitionMetadata[],
  ): Map<number | Failed, T[]> {
    const known = new Set(partitionMetadata.map(({ partitionId }) => partitionId))
    // kafkajs goes on with its own, and others plan with them too: a partitioner of the user's may write into them.
    const shown = partitionMetadata.map((one) => ({ ...one }))
    return Map.groupBy(items, ({ message }) => {
      if (message.partition !== undefined) return message.partition
      try {
        const chosen: unknown = this.#choose({ topic, partitionMetadata: shown, message })
        if (known.has(chosen as number)) return chosen as number
        // Nobody else waits for a promise.
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
