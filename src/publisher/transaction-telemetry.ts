import { annotate, classifyFailure } from '../failures/classify.ts'
import { guarded } from '../telemetry/guard.ts'
import { Attribute, Span } from '../telemetry/names.ts'
import { observedCommit } from '../telemetry/observed-commit.ts'
import { type OpenSpan, openSpan } from '../telemetry/with-span.ts'
import type { Sender } from './instrumented-sender.ts'
import { override } from './override.ts'

/** Of a consumer's group, to be committed with the transaction. */
interface Offsets {
  readonly consumerGroupId?: unknown
  readonly topics?: readonly { readonly topic?: unknown }[]
}

/** What is used of a kafkajs transaction. */
export interface Transaction extends Sender {
  commit?(): Promise<void>
  abort?(): Promise<void>
  sendOffsets?(offsets: Offsets): Promise<void>
}

/**
 * A transaction from `begin` to the first `commit` or `abort`, as one span with its sends under it. Nothing but the
 * transaction holds the span: one that nobody ends goes with it, and is not told.
 */
export async function observedTransaction(
  begin: () => Promise<Transaction>,
  clientId: string | undefined,
  instrumented: (transaction: Transaction) => Partial<Sender>,
): Promise<Transaction> {
  const client = clientId === undefined ? {} : { [Attribute.MessagingClientId]: clientId }
  const span = openSpan(Span.Transaction, { attributes: client })
  try {
    const transaction = await span.run(begin)
    return override(transaction, {
      ...under(span, instrumented(transaction)),
      ...offsets(transaction, span, clientId),
      ...endings(transaction, span),
    })
  } catch (error) {
    failed(span, error)
    span.end()
    throw error
  }
}

/** The sends that go through it, as its children. */
const under = (span: OpenSpan, { send, sendBatch }: Partial<Sender>): Partial<Sender> => ({
  ...(send ? { send: (record) => span.run(() => send(record)) } : {}),
  ...(sendBatch ? { sendBatch: (batch) => span.run(() => sendBatch(batch)) } : {}),
})

/** kafkajs lets a transaction end once, whether that succeeds or not. */
function endings(transaction: Transaction, span: OpenSpan): Partial<Transaction> {
  let ending = false
  const ended = (outcome: 'commit' | 'abort', end: () => Promise<void>) => async () => {
    if (ending) return end()
    ending = true
    try {
      await span.run(end)
      span.set({ [Attribute.TransactionOutcome]: outcome })
    } catch (error) {
      span.set({ [Attribute.TransactionOutcome]: outcomeOfFailed(outcome, error) })
      failed(span, error)
      throw error
    } finally {
      span.end()
    }
  }
  const commit = transaction.commit?.bind(transaction)
  const abort = transaction.abort?.bind(transaction)
  return {
    ...(commit ? { commit: ended('commit', commit) } : {}),
    ...(abort ? { abort: ended('abort', abort) } : {}),
  }
}

/** The broker aborts what it did not commit; without its answer nobody knows. */
const outcomeOfFailed = (asked: 'commit' | 'abort', error: unknown): 'abort' | 'unknown' =>
  asked === 'abort' || (error as Error | undefined)?.name === 'KafkaJSProtocolError' ? 'abort' : 'unknown'

function offsets(
  transaction: Transaction,
  span: OpenSpan,
  clientId: string | undefined,
): Partial<Transaction> {
  const sendOffsets = transaction.sendOffsets?.bind(transaction)
  if (!sendOffsets) return {}
  return {
    sendOffsets: (given) => {
      const group = given?.consumerGroupId
      const attributes = typeof group === 'string' ? { [Attribute.MessagingConsumerGroup]: group } : {}
      const topics = guarded('reading offsets', () => given.topics?.map(({ topic }) => topic) ?? [], [])
      return span.run(() => observedCommit({ topics, attributes, clientId }, () => sendOffsets(given)))
    },
  }
}

function failed(span: OpenSpan, error: unknown): void {
  span.fail(error)
  annotate(error, classifyFailure(error))
}
