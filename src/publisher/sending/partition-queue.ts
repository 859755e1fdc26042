import type { Runtime } from '../../base/clocks-and-timers.ts'
import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsMessage, KafkaJsSender, PartitionMetadata } from '../../kafkajs/kafkajs-api.ts'
import type { PublishErrorKind } from '../publisher-types.ts'
import { inBatches, inHalves } from './batch-limits.ts'
import type { ProducerLeases } from './producer-lease.ts'
import { type SendSettings, sendOnce, type Written } from './send-once.ts'
import { type SendResult, sendWithRetry } from './send-with-retry.ts'
import type { Failed, SharedOutcome } from './shared-outcome.ts'
import type { PartitionSplitter } from './split-by-partition.ts'

interface Item {
  readonly message: KafkaJsMessage
}

export interface PartitionQueuesSettings {
  readonly send: SendSettings
  readonly idempotent: boolean
}

/**
 * Publishes messages of one topic. The partition of each message is chosen first; then each partition has a queue, which
 * sends one batch after the other. kafkajs reports a failure for everything that went to one broker, so a send of ours
 * holds the messages of one partition only, which are written together or not at all.
 */
export class PartitionQueues {
  readonly #leases: ProducerLeases
  readonly #splitter: PartitionSplitter
  readonly #settings: PartitionQueuesSettings
  readonly #runtime: Runtime
  /** Topic and partition → the last work in its queue. */
  readonly #queues = new Map<string, Promise<unknown>>()
  /** Topic → the look-up of its partitions that is running. Calls that come meanwhile share it, and keep their order. */
  readonly #lookUps = new Map<string, Promise<SendResult<PartitionMetadata[]>>>()

  constructor(
    leases: ProducerLeases,
    splitter: PartitionSplitter,
    settings: PartitionQueuesSettings,
    runtime: Runtime,
  ) {
    this.#leases = leases
    this.#splitter = splitter
    this.#settings = settings
    this.#runtime = runtime
  }

  /** The outcome of each message, by the end of `deadline` (monotonic ms). Does not throw. */
  async publish<T extends Item>(
    topic: string,
    items: readonly T[],
    deadline: number,
  ): Promise<SharedOutcome<T>[]> {
    let lookUp = this.#lookUps.get(topic)
    if (!lookUp) {
      lookUp = this.#lookUpPartitions(topic, deadline).finally(() => this.#lookUps.delete(topic))
      this.#lookUps.set(topic, lookUp)
    }
    const partitions = await lookUp
    if (!('done' in partitions)) {
      const failed = { error: partitions.failed, kind: partitions.kind }
      return [{ items, topic, failed }]
    }
    const byPartition = this.#splitter.split(topic, items, partitions.done)
    const outcomes = [...byPartition].map(([partition, ofIt]) => {
      if (typeof partition !== 'number') return [{ items: ofIt, topic, failed: partition }]
      return this.#enqueue(`${topic}/${partition}`, () => this.#sendTo(topic, partition, ofIt, deadline))
    })
    return (await Promise.all(outcomes)).flat()
  }

  #lookUpPartitions(topic: string, deadline: number): Promise<SendResult<PartitionMetadata[]>> {
    const send = {
      topic,
      target: topic,
      idempotent: true,
      deadline,
      sendOnce: async (producer: KafkaJsSender) => {
        try {
          return { done: await this.#splitter.partitionsOf(producer, topic, this.#settings.send) }
        } catch (error) {
          return { written: 'no' as const, encoded: false, error }
        }
      },
    }
    return sendWithRetry(this.#leases, send, this.#runtime)
  }

  async #sendTo<T extends Item>(
    topic: string,
    partition: number,
    items: readonly T[],
    deadline: number,
  ): Promise<SharedOutcome<T>[]> {
    const outcomes: SharedOutcome<T>[] = []
    const batches = inBatches(items)
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const sent = await this.#sendBatch(topic, partition, batch, deadline)
      if ('done' in sent) {
        outcomes.push({ items: batch, topic, partition, baseOffset: sent.done.baseOffset })
        continue
      }
      const { failed: error, kind } = sent
      if (kind === 'poison' && batch.length > 1) {
        // One of them is the poison, or they are too large together.
        batches.unshift(...inHalves(batch))
        continue
      }
      outcomes.push({ items: batch, topic, partition, failed: { error, kind } })
      if (kind === 'poison') continue
      // Sent now, the later messages would be in front of this batch when it is published again.
      const rest = batches.splice(0).flat()
      if (rest.length > 0) outcomes.push({ items: rest, topic, partition, failed: afterFailure(error, kind) })
    }
    return outcomes
  }

  #sendBatch(
    topic: string,
    partition: number,
    items: readonly Item[],
    deadline: number,
  ): Promise<SendResult<Written>> {
    const messages = items.map(({ message }) => ({ ...message, partition }))
    const { send, idempotent } = this.#settings
    const retryable = {
      topic,
      target: `${topic}/${partition}`,
      idempotent,
      deadline,
      sendOnce: (producer: KafkaJsSender, repeated: boolean) =>
        sendOnce(producer, { topic, partition, messages }, send, repeated),
    }
    return sendWithRetry(this.#leases, retryable, this.#runtime)
  }

  /** One after the other: two sends to a partition at once would take each other's sequence numbers. */
  async #enqueue<R>(queue: string, work: () => Promise<R>): Promise<R> {
    const queued = (this.#queues.get(queue) ?? Promise.resolve()).then(work, work)
    this.#queues.set(queue, queued)
    try {
      return await queued
    } finally {
      if (this.#queues.get(queue) === queued) this.#queues.delete(queue)
    }
  }
}

function afterFailure(error: unknown, kind: PublishErrorKind): Failed {
  if (kind !== 'retriable' && kind !== 'quota') return { error, kind }
  const { code } = classifyFailure(error)
  const failed = new KafkaPublishError('earlier_message_failed', { detail: code, original: error })
  return { error: failed, kind, notTried: true }
}
