import type { Runtime } from '../../base/runtime.ts'
import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsMessage, KafkaJsSender, PartitionMetadata } from '../../kafkajs/kafkajs-api.ts'
import type { PublishErrorKind } from '../publisher-types.ts'
import { inBatches, inHalves } from './batch-limits.ts'
import type { ProducerSeat } from './producer-lease.ts'
import { attempt, type SendSettings, type Written } from './send-once.ts'
import { type Delivered, deliver } from './send-with-retry.ts'
import type { Failed, PartitionPlanner } from './split-by-partition.ts'

/** What became of messages that went out together. */
export interface Fate<T> {
  readonly items: readonly T[]
  /** undefined where the message names none. */
  readonly topic: string | undefined
  readonly partition?: number
  readonly baseOffset?: string | undefined
  readonly failed?: Failed
}

interface Item {
  readonly message: KafkaJsMessage
}

export interface PartitionPublisherSettings {
  readonly send: SendSettings
  readonly idempotent: boolean
}

/**
 * Publishes messages of one topic: each to the partition that is fixed for it, each partition by itself and in order.
 * kafkajs reports a failure for all that went to one broker, so what goes together here shares one fate in truth.
 */
export class PartitionPublisher {
  readonly #seat: ProducerSeat
  readonly #planner: PartitionPlanner
  readonly #settings: PartitionPublisherSettings
  readonly #runtime: Runtime
  /** Topic and partition → the last one in its queue. */
  readonly #lanes = new Map<string, Promise<unknown>>()
  /** Topic → who asks for its partitions now. Who comes meanwhile shares the answer, and keeps its place. */
  readonly #plans = new Map<string, Promise<Delivered<PartitionMetadata[]>>>()

  constructor(
    seat: ProducerSeat,
    planner: PartitionPlanner,
    settings: PartitionPublisherSettings,
    runtime: Runtime,
  ) {
    this.#seat = seat
    this.#planner = planner
    this.#settings = settings
    this.#runtime = runtime
  }

  /** What became of each message, by the end of `deadline` (monotonic ms). Does not throw. */
  async publish<T extends Item>(topic: string, items: readonly T[], deadline: number): Promise<Fate<T>[]> {
    let plan = this.#plans.get(topic)
    if (!plan) {
      plan = this.#plan(topic, deadline).finally(() => this.#plans.delete(topic))
      this.#plans.set(topic, plan)
    }
    const planned = await plan
    if (!('done' in planned)) {
      const failed = { error: planned.failed, kind: planned.kind }
      return [{ items, topic, failed }]
    }
    const byPartition = this.#planner.byPartition(topic, items, planned.done)
    const fates = [...byPartition].map(([partition, ofIt]) => {
      if (typeof partition !== 'number') return [{ items: ofIt, topic, failed: partition }]
      return this.#inTurn(`${topic}/${partition}`, () => this.#publishTo(topic, partition, ofIt, deadline))
    })
    return (await Promise.all(fates)).flat()
  }

  #plan(topic: string, deadline: number): Promise<Delivered<PartitionMetadata[]>> {
    const task = {
      topic,
      about: topic,
      idempotent: true,
      deadline,
      attempt: async (producer: KafkaJsSender) => {
        try {
          return { done: await this.#planner.partitionsOf(producer, topic, this.#settings.send) }
        } catch (error) {
          return { written: 'no' as const, encoded: false, error }
        }
      },
    }
    return deliver(this.#seat, task, this.#runtime)
  }

  async #publishTo<T extends Item>(
    topic: string,
    partition: number,
    items: readonly T[],
    deadline: number,
  ): Promise<Fate<T>[]> {
    const fates: Fate<T>[] = []
    const batches = inBatches(items)
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const delivered = await this.#deliver(topic, partition, batch, deadline)
      if ('done' in delivered) {
        fates.push({ items: batch, topic, partition, baseOffset: delivered.done.baseOffset })
        continue
      }
      const { failed: error, kind } = delivered
      if (kind === 'poison' && batch.length > 1) {
        // One of them is the poison, or they are too large together.
        batches.unshift(...inHalves(batch))
        continue
      }
      fates.push({ items: batch, topic, partition, failed: { error, kind } })
      if (kind === 'poison') continue
      // What comes after it would be in front of it when it is published again.
      const rest = batches.splice(0).flat()
      if (rest.length > 0) fates.push({ items: rest, topic, partition, failed: afterFailure(error, kind) })
    }
    return fates
  }

  #deliver(
    topic: string,
    partition: number,
    items: readonly Item[],
    deadline: number,
  ): Promise<Delivered<Written>> {
    const messages = items.map(({ message }) => ({ ...message, partition }))
    const { send, idempotent } = this.#settings
    const task = {
      topic,
      about: `${topic}/${partition}`,
      idempotent,
      deadline,
      attempt: (producer: KafkaJsSender, again: boolean) =>
        attempt(producer, { topic, partition, messages }, send, again),
    }
    return deliver(this.#seat, task, this.#runtime)
  }

  /** One after the other: two sends to a partition at once would take each other's sequence numbers. */
  async #inTurn<R>(lane: string, work: () => Promise<R>): Promise<R> {
    const turn = (this.#lanes.get(lane) ?? Promise.resolve()).then(work, work)
    this.#lanes.set(lane, turn)
    try {
      return await turn
    } finally {
      if (this.#lanes.get(lane) === turn) this.#lanes.delete(lane)
    }
  }
}

function afterFailure(error: unknown, kind: PublishErrorKind): Failed {
  if (kind !== 'retriable' && kind !== 'quota') return { error, kind }
  const { code } = classifyFailure(error)
  const failed = new KafkaPublishError('earlier_message_failed', { detail: code, original: error })
  return { error: failed, kind, notTried: true }
}
