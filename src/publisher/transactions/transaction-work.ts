import { observedCommit } from '../../messaging/commit.ts'
import { Attribute } from '../../telemetry/names.ts'
import { entriesOf } from '../message-list.ts'
import type { PublisherTransaction, TransactionOffsets } from '../publisher-types.ts'
import { publishInTransaction } from '../sending/publish-all.ts'
import type { PublishingClient } from '../sending/publishing-client.ts'
import type { OpenTransaction } from './open-transaction.ts'

/** What the work of a transaction gets. A failure in it ends the transaction, even if the work catches the error. */
export const transactionWork = (client: PublishingClient, open: OpenTransaction): PublisherTransaction => ({
  publish: (messages) =>
    open.recordFailureOf(async () => publishInTransaction(client, open, entriesOf(messages))),
  sendOffsets: (offsets) =>
    open.recordFailureOf(async () => sendOffsets(open, offsets, client.options.clientId)),
})

function sendOffsets(open: OpenTransaction, offsets: TransactionOffsets, clientId: string): Promise<void> {
  const commit = {
    topics: offsets.topics.map(({ topic }) => topic),
    attributes: { [Attribute.MessagingConsumerGroup]: offsets.consumerGroupId },
    clientId,
  }
  return observedCommit(commit, () => open.sendOffsets(offsets))
}
