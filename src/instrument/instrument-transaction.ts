import { withProperties } from '../base/with-properties.ts'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { observedCommit } from '../messaging/commit.ts'
import { topicsOf } from '../messaging/lists.ts'
import { outcomeOfFailedCommit } from '../messaging/transaction-outcome.ts'
import { guarded } from '../telemetry/guard.ts'
import { Attribute, Span } from '../telemetry/names.ts'
import { type OpenSpan, openSpan } from '../telemetry/with-span.ts'
import type { Sender } from './instrument-sends.ts'
import { override, type Replacements } from './wrapper.ts'

/** Of a consumer's group, to be committed with the transaction. */
interface Offsets {
  readonly consumerGroupId?: unknown
  readonly topics?: readonly { readonly topic?: unknown }[] | undefined
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
  sends: Replacements<Sender>,
): Promise<Transaction> {
  const client = clientId === undefined ? {} : { [Attribute.MessagingClientId]: clientId }
  const span = openSpan(Span.Transaction, { attributes: client })
  try {
    const transaction = await span.run(begin)
    // Test doubles may give nothing.
    if (typeof transaction !== 'object' || transaction === null) {
      span.end()
      return transaction
    }
    const failures: unknown[] = []
    const inside = { ...under(span, sends), ...offsets(span, clientId) }
    return override(transaction, { ...remembering(failures, inside), ...endings(span, failures) })
  } catch (error) {
    failed(span, error)
    span.end()
    throw error
  }
}

/** The sends that go through it, as its children. */
const under = (span: OpenSpan, { send, sendBatch }: Replacements<Sender>): Replacements<Sender> => ({
  ...(send && { send: (call, ...args) => span.run(() => send(call, ...args)) }),
  ...(sendBatch && { sendBatch: (call, ...args) => span.run(() => sendBatch(call, ...args)) }),
})

/** What fails in a transaction is why it is aborted afterwards; without it, a transaction is aborted on purpose. */
function remembering(failures: unknown[], inside: Replacements<Transaction>): Replacements<Transaction> {
  const methods = Object.entries(inside) as [string, (...args: unknown[]) => Promise<unknown>][]
  const watched = methods.map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await method(...args)
      } catch (error) {
        if (failures.length === 0) failures.push(error)
        throw error
      }
    },
  ])
  return Object.fromEntries(watched)
}

/** kafkajs lets a transaction end once, whether that succeeds or not. */
function endings(span: OpenSpan, failures: readonly unknown[]): Replacements<Transaction> {
  let ending = false
  const ended =
    (outcome: 'commit' | 'abort') =>
    async (end: () => Promise<void>): Promise<void> => {
      if (ending) return end()
      ending = true
      try {
        const result = await span.run(end)
        span.set({ [Attribute.TransactionOutcome]: outcome })
        if (outcome === 'abort' && failures.length > 0) span.fail(failures[0])
        return result
      } catch (error) {
        span.set({
          [Attribute.TransactionOutcome]: outcome === 'abort' ? outcome : outcomeOfFailedCommit(error),
        })
        failed(span, error)
        throw error
      } finally {
        span.end()
      }
    }
  return { commit: ended('commit'), abort: ended('abort') }
}

function offsets(span: OpenSpan, clientId: string | undefined): Replacements<Transaction> {
  return {
    sendOffsets: (call, given, ...more) => {
      const read = guarded('reading offsets', () => readOffsets(given), undefined)
      const handed = read ? withProperties(given, read) : given
      const commit = { ...described(read), clientId }
      return span.run(() => observedCommit(commit, () => call(handed, ...more)))
    },
  }
}

/** Each property once, as kafkajs reads it. */
const readOffsets = ({ consumerGroupId, topics }: Offsets) => ({ consumerGroupId, topics })

const described = ({ consumerGroupId, topics }: Offsets = {}) => ({
  topics: topicsOf(topics),
  attributes:
    typeof consumerGroupId === 'string' ? { [Attribute.MessagingConsumerGroup]: consumerGroupId } : {},
})

function failed(span: OpenSpan, error: unknown): void {
  span.fail(error)
  annotate(error, classifyFailure(error))
}
