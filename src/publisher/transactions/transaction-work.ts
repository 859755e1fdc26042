import { observedCommit } from '../../messaging/commit.ts'
import { Attribute } from '../../telemetry/names.ts'
import { entriesOf } from '../message-list.ts'
import type { PublisherTransaction, TransactionOffsets } from '../publisher-types.ts'
import { type Publishing, publishInTransaction } from '../sending/publish-all.ts'
import type { OpenTransaction } from './open-transaction.ts'

/** What the work of a transaction is given. What fails in it ends the transaction, whatever the work does then. */
export const transactionWork = (publishing: Publishing, open: OpenTransaction): PublisherTransaction => ({
  publish: (messages) =>
    open.remember(async () => publishInTransaction(publishing, open, entriesOf(messages))),
  sendOffsets: (offsets) =>
    open.remember(async () => sendOffsets(open, offsets, publishing.options.clientId)),
})

function sendOffsets(open: OpenTransaction, offsets: TransactionOffsets, clientId: string): Promise<void> {
  const commit = {
    topics: offsets.topics.map(({ topic }) => topic),
    attributes: { [Attribute.MessagingConsumerGroup]: offsets.consumerGroupId },
    clientId,
  }
  return observedCommit(commit, () => open.sendOffsets(offsets))
}
