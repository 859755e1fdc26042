import { annotate, classifyFailure } from '../../failures/classify.ts'
import { copyOf, KafkaPublishError } from '../../failures/errors.ts'
import { inContext, observedSend, type Sending, type SendOutcome } from '../../messaging/send.ts'
import { isFence, kindOf } from '../error-kind.ts'
import type { Entry } from '../message-list.ts'
import { asError, type PreparedMessage, prepareMessage } from '../prepared-message.ts'
import type { PublishResult } from '../publisher-types.ts'
import type { OpenTransaction } from '../transactions/open-transaction.ts'
import { sendInTransaction, transactionAborted } from '../transactions/send-in-transaction.ts'
import type { PublishingClient } from './publishing-client.ts'
import type { SharedOutcome } from './shared-outcome.ts'

type TopicMessages = [topic: string, items: PreparedMessage[]]

/** Publishes each message on its own, or all in one transaction. Does not throw for a message. */
export async function publishAll(
  client: PublishingClient,
  entries: readonly Entry[],
  inFlight: number,
): Promise<PublishResult[]> {
  if (entries.length === 0) return []
  const { options } = client
  const each = options.transactional ? inOneTransaction(client) : byPartition(client, inFlight)
  return resultsOf(await observed(client, entries, each))
}

/** @throws what the first message failed with */
export async function publishInTransaction(
  client: PublishingClient,
  open: OpenTransaction,
  entries: readonly Entry[],
): Promise<PublishResult[]> {
  if (entries.length === 0) return []
  const { splitter, send } = client
  const outcomes = await observed(client, entries, async (groups, refused) =>
    refused ? groups.map(abortedGroup) : sendInTransaction(open.sender(), splitter, groups, send),
  )
  const failed = outcomes.find((outcome) => outcome.failed)?.failed
  if (failed) throw failed.error
  return resultsOf(outcomes)
}

const abortedGroup = ([topic, items]: TopicMessages): SharedOutcome<PreparedMessage> =>
  transactionAborted(topic, items)

type SendGroups = (groups: TopicMessages[], refused: boolean) => Promise<SharedOutcome<PreparedMessage>[]>

function byPartition({ queues, options, runtime }: PublishingClient, inFlight: number): SendGroups {
  return async (groups) => {
    if (inFlight > options.maxInFlightMessages) {
      return groups.map(([topic, items]) => refusedAsBusy(topic, items))
    }
    const deadline = runtime.monotonic() + options.deliveryTimeoutMs
    const sent = groups.map(([topic, items]) =>
      // It does not throw. If it does, the results of the other topics are not lost with it.
      queues
        .publish(topic, items, deadline)
        .catch((error) => [{ items, topic, failed: { error, kind: 'retriable' as const } }]),
    )
    return (await Promise.all(sent)).flat()
  }
}

function inOneTransaction({ transactions, splitter, send, options, runtime }: PublishingClient): SendGroups {
  return async (groups, refused) => {
    if (!transactions || refused) return groups.map(abortedGroup)
    const until = runtime.monotonic() + options.deliveryTimeoutMs
    let sent: SharedOutcome<PreparedMessage>[] = []
    try {
      await transactions.run(
        async (open) => {
          sent = await sendInTransaction(open.sender(), splitter, groups, send)
          const failed = sent.find((outcome) => outcome.failed)?.failed
          if (failed) await open.recordFailureOf(() => Promise.reject(failed.error))
        },
        () => until,
      )
      return sent
    } catch (error) {
      return outcomesOfAbort(groups, sent, error)
    }
  }
}

/** Records one span for all of them and counts their outcomes; each message carries the context in its headers. */
function observed(
  { options, runtime }: PublishingClient,
  entries: readonly Entry[],
  send: SendGroups,
): Promise<SharedOutcome<ResultPlace>[]> {
  const { items, refused } = prepareAll(entries, runtime.now())
  const groups = [...Map.groupBy(items, ({ topic }) => topic)]
  const batch = groups.map(([topic, ofIt]) => ({ topic, messages: ofIt.map(({ message }) => message) }))
  const sendObserved = async (sending: Sending) => {
    const withContext = groups.map(([topic, ofIt], group): TopicMessages => {
      const plain = ofIt.map(({ message }) => message)
      const messages = inContext(plain, group, sending)
      return [topic, ofIt.map((item, index) => ({ ...item, message: messages[index] ?? item.message }))]
    })
    const outcomes = [...refused, ...(await send(withContext, refused.length > 0))]
    for (const { failed } of outcomes) if (failed) annotate(failed.error, classifyFailure(failed.error))
    return { value: outcomes, outcomes: outcomes.map(sendOutcomeOf) }
  }
  return observedSend(batch, options.clientId, sendObserved, { perMessageSpans: options.perMessageSpans })
}

function refusedAsBusy(topic: string, items: PreparedMessage[]): SharedOutcome<PreparedMessage> {
  const error = new KafkaPublishError('publisher_busy')
  return { items, topic, failed: { error, kind: 'backpressure', notTried: true } }
}

/** After a transaction that was not committed: a failed message keeps its own outcome, and the others share the transaction's. */
function outcomesOfAbort(
  groups: readonly TopicMessages[],
  sent: readonly SharedOutcome<PreparedMessage>[],
  error: unknown,
): SharedOutcome<PreparedMessage>[] {
  const hasOwnOutcome = !isFence(error) && sent.some(({ failed }) => failed?.error === error)
  if (hasOwnOutcome)
    return sent.map((outcome) =>
      outcome.failed ? outcome : transactionAborted(outcome.topic, outcome.items),
    )
  const kind = isFence(error) ? 'fenced' : kindOf(error)
  return groups.map(([topic, items]) => ({ items, topic, failed: { error, kind } }))
}

/** What is known even of a message that cannot be sent. */
type ResultPlace = Pick<PreparedMessage, 'recordId' | 'index'>

function prepareAll(
  entries: readonly Entry[],
  now: number,
): { items: PreparedMessage[]; refused: SharedOutcome<ResultPlace>[] } {
  const items: PreparedMessage[] = []
  const refused: SharedOutcome<ResultPlace>[] = []
  entries.forEach((entry, index) => {
    const item = prepareMessage(entry, index, now)
    if ('message' in item) items.push(item)
    else {
      const failed = { error: item.error, kind: 'poison', notTried: true } as const
      refused.push({ items: [item], topic: undefined, failed })
    }
  })
  return { items, refused }
}

function sendOutcomeOf({
  topic,
  items,
  partition,
  baseOffset,
  failed,
}: SharedOutcome<ResultPlace>): SendOutcome {
  const { error, notTried } = failed ?? {}
  return { topic, messages: items.length, partition, baseOffset, error, notTried }
}

/** In the order of the messages. */
function resultsOf(outcomes: readonly SharedOutcome<ResultPlace>[]): PublishResult[] {
  const results: PublishResult[] = []
  for (const { items, partition, baseOffset, failed } of outcomes) {
    items.forEach(({ index, recordId }, place) => {
      const where = partition === undefined ? {} : { partition }
      const offset = baseOffset === undefined ? {} : { offset: String(BigInt(baseOffset) + BigInt(place)) }
      results[index] = failed
        ? { recordId, ok: false, ...where, error: ownError(failed.error), errorKind: failed.kind }
        : { recordId, ok: true, ...where, ...offset }
    })
  }
  return results
}

/** The errors that some result has already. */
const usedErrors = new WeakSet<Error>()

/** One error may fail several messages, or several calls. Each result gets an object of its own, since callers write into it. */
function ownError(thrown: unknown): Error {
  const error = asError(thrown)
  if (usedErrors.has(error)) return copyOf(error)
  usedErrors.add(error)
  return error
}
