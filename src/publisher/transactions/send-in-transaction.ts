import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsSender, PartitionMetadata } from '../../kafkajs/kafkajs-api.ts'
import { kindOf } from '../error-kind.ts'
import type { Outgoing } from '../prepared-message.ts'
import { inBatches, inHalves } from '../sending/batch-limits.ts'
import type { Fate } from '../sending/partition-queue.ts'
import { attempt, type SendSettings } from '../sending/send-once.ts'
import type { PartitionPlanner } from '../sending/split-by-partition.ts'

type TopicItems = readonly [topic: string, items: readonly Outgoing[]]

/**
 * Sends messages inside a transaction until one fails; then the others are given up. kafkajs tries again by itself: what
 * is written twice is recognised, and what is not committed is not read. Does not throw.
 */
export async function sendInTransaction(
  sender: KafkaJsSender,
  planner: PartitionPlanner,
  groups: readonly TopicItems[],
  settings: SendSettings,
): Promise<Fate<Outgoing>[]> {
  const fates: Fate<Outgoing>[] = []
  for (const [topic, items] of groups) {
    const failed = fates.some((fate) => fate.failed)
    fates.push(
      ...(failed ? [givenUp(topic, items)] : await sendTopic(sender, planner, topic, items, settings)),
    )
  }
  return fates
}

async function sendTopic(
  sender: KafkaJsSender,
  planner: PartitionPlanner,
  topic: string,
  items: readonly Outgoing[],
  settings: SendSettings,
): Promise<Fate<Outgoing>[]> {
  let partitions: PartitionMetadata[]
  try {
    partitions = await planner.partitionsOf(sender, topic, settings)
  } catch (error) {
    return [{ items, topic, failed: { error, kind: kindOf(error) } }]
  }
  const fates: Fate<Outgoing>[] = []
  const batches: { partition: number; batch: Outgoing[] }[] = []
  for (const [partition, ofIt] of planner.byPartition(topic, items, partitions)) {
    if (typeof partition === 'number') batches.push(...inBatches(ofIt).map((batch) => ({ partition, batch })))
    else fates.push({ items: ofIt, topic, failed: partition })
  }
  // A message without a partition ends the transaction before anything of this topic is sent.
  if (fates.length > 0) return [...fates, ...batches.map(({ batch }) => givenUp(topic, batch))]
  for (let next = batches.shift(); next; next = batches.shift()) {
    const { partition, batch } = next
    const messages = batch.map(({ message }) => ({ ...message, partition }))
    const tried = await attempt(sender, { topic, partition, messages }, settings, false)
    if ('done' in tried) {
      fates.push({ items: batch, topic, partition, baseOffset: tried.done.baseOffset })
      continue
    }
    const { error } = tried
    if (batch.length > 1 && kindOf(error) === 'poison') {
      // To find the one that is at fault, or because they are too large together.
      batches.unshift(...inHalves(batch).map((half) => ({ partition, batch: half })))
      continue
    }
    fates.push({ items: batch, topic, partition, failed: { error, kind: kindOf(error) } })
    fates.push(
      givenUp(
        topic,
        batches.splice(0).flatMap((rest) => rest.batch),
      ),
    )
  }
  return fates
}

/** What becomes of the others when one message of a transaction fails. */
export function givenUp(topic: string | undefined, items: readonly Outgoing[]): Fate<Outgoing> {
  const error = new KafkaPublishError('transaction_aborted')
  return { items, topic, failed: { error, kind: 'retriable', notTried: true } }
}
