import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsSender, PartitionMetadata } from '../../kafkajs/kafkajs-api.ts'
import { kindOf } from '../error-kind.ts'
import type { PreparedMessage } from '../prepared-message.ts'
import { inBatches, inHalves } from '../sending/batch-limits.ts'
import { type SendSettings, sendOnce } from '../sending/send-once.ts'
import type { SharedOutcome } from '../sending/shared-outcome.ts'
import type { PartitionSplitter } from '../sending/split-by-partition.ts'

type TopicItems = readonly [topic: string, items: readonly PreparedMessage[]]

/**
 * Sends messages in a transaction until one fails; the others are then not sent. kafkajs retries on its own, which is safe
 * here: the broker recognises a repetition, and nobody reads what is not committed. Does not throw.
 */
export async function sendInTransaction(
  sender: KafkaJsSender,
  splitter: PartitionSplitter,
  groups: readonly TopicItems[],
  settings: SendSettings,
): Promise<SharedOutcome<PreparedMessage>[]> {
  const outcomes: SharedOutcome<PreparedMessage>[] = []
  for (const [topic, items] of groups) {
    const failed = outcomes.some((outcome) => outcome.failed)
    outcomes.push(
      ...(failed
        ? [transactionAborted(topic, items)]
        : await sendTopic(sender, splitter, topic, items, settings)),
    )
  }
  return outcomes
}

async function sendTopic(
  sender: KafkaJsSender,
  splitter: PartitionSplitter,
  topic: string,
  items: readonly PreparedMessage[],
  settings: SendSettings,
): Promise<SharedOutcome<PreparedMessage>[]> {
  let partitions: PartitionMetadata[]
  try {
    partitions = await splitter.partitionsOf(sender, topic, settings)
  } catch (error) {
    return [{ items, topic, failed: { error, kind: kindOf(error) } }]
  }
  const outcomes: SharedOutcome<PreparedMessage>[] = []
  const batches: { partition: number; batch: PreparedMessage[] }[] = []
  for (const [partition, ofIt] of splitter.split(topic, items, partitions)) {
    if (typeof partition === 'number') batches.push(...inBatches(ofIt).map((batch) => ({ partition, batch })))
    else outcomes.push({ items: ofIt, topic, failed: partition })
  }
  // A message without a partition ends the transaction before anything of this topic is sent.
  if (outcomes.length > 0)
    return [...outcomes, ...batches.map(({ batch }) => transactionAborted(topic, batch))]
  for (let next = batches.shift(); next; next = batches.shift()) {
    const { partition, batch } = next
    const messages = batch.map(({ message }) => ({ ...message, partition }))
    const result = await sendOnce(sender, { topic, partition, messages }, settings, false)
    if ('done' in result) {
      outcomes.push({ items: batch, topic, partition, baseOffset: result.done.baseOffset })
      continue
    }
    const { error } = result
    if (batch.length > 1 && kindOf(error) === 'poison') {
      // One of them is the poison, or they are too large together.
      batches.unshift(...inHalves(batch).map((half) => ({ partition, batch: half })))
      continue
    }
    outcomes.push({ items: batch, topic, partition, failed: { error, kind: kindOf(error) } })
    outcomes.push(
      transactionAborted(
        topic,
        batches.splice(0).flatMap((rest) => rest.batch),
      ),
    )
  }
  return outcomes
}

/** The outcome of the other messages when one message of a transaction fails. */
export function transactionAborted(
  topic: string | undefined,
  items: readonly PreparedMessage[],
): SharedOutcome<PreparedMessage> {
  const error = new KafkaPublishError('transaction_aborted')
  return { items, topic, failed: { error, kind: 'retriable', notTried: true } }
}
