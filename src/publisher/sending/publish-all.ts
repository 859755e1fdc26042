import type { Runtime } from '../../base/runtime.ts'
import { annotate, classifyFailure } from '../../failures/classify.ts'
import { copyOf, KafkaPublishError } from '../../failures/errors.ts'
import { inContext, observedSend, type Sending, type SendOutcome } from '../../messaging/send.ts'
import { isFence, kindOf } from '../error-kind.ts'
import type { Entry } from '../message-list.ts'
import { asError, type Outgoing, outgoing } from '../prepared-message.ts'
import type { CheckedPublisherOptions } from '../publisher-options.ts'
import type { PublishResult } from '../publisher-types.ts'
import type { OpenTransaction } from '../transactions/open-transaction.ts'
import { givenUp, sendInTransaction } from '../transactions/send-in-transaction.ts'
import type { Fate } from './partition-queue.ts'
import type { Engine } from './publishing-client.ts'

/** What a publish needs. */
export interface Publishing {
  readonly engine: Engine
  readonly options: CheckedPublisherOptions
  readonly runtime: Runtime
}

type TopicItems = [topic: string, items: Outgoing[]]

/** Each message for itself, or all in one transaction. Does not throw for a message. */
export async function publishAll(
  publishing: Publishing,
  entries: readonly Entry[],
  inFlight: number,
): Promise<PublishResult[]> {
  if (entries.length === 0) return []
  const { options } = publishing
  const each = options.transactional ? inOneTransaction(publishing) : byPartition(publishing, inFlight)
  return resultsOf(await observed(publishing, entries, each))
}

/** @throws what the first message failed with */
export async function publishInTransaction(
  publishing: Publishing,
  open: OpenTransaction,
  entries: readonly Entry[],
): Promise<PublishResult[]> {
  if (entries.length === 0) return []
  const { planner, send } = publishing.engine
  const fates = await observed(publishing, entries, async (groups, refused) =>
    refused ? groups.map(allGivenUp) : sendInTransaction(open.sender(), planner, groups, send),
  )
  const failed = fates.find((fate) => fate.failed)?.failed
  if (failed) throw failed.error
  return resultsOf(fates)
}

const allGivenUp = ([topic, items]: TopicItems): Fate<Outgoing> => givenUp(topic, items)

type Send = (groups: TopicItems[], refused: boolean) => Promise<Fate<Outgoing>[]>

function byPartition({ engine, options, runtime }: Publishing, inFlight: number): Send {
  return async (groups) => {
    if (inFlight > options.maxInFlightMessages) {
      return groups.map(([topic, items]) => turnedAway(topic, items))
    }
    const deadline = runtime.monotonic() + options.deliveryTimeoutMs
    const sent = groups.map(([topic, items]) =>
      // It does not throw. If it does, the results of the other topics are not lost with it.
      engine.partitions
        .publish(topic, items, deadline)
        .catch((error) => [{ items, topic, failed: { error, kind: 'retriable' as const } }]),
    )
    return (await Promise.all(sent)).flat()
  }
}

function inOneTransaction({ engine, options, runtime }: Publishing): Send {
  const { transactions, planner, send } = engine
  return async (groups, refused) => {
    if (!transactions || refused) return groups.map(allGivenUp)
    const until = runtime.monotonic() + options.deliveryTimeoutMs
    let sent: Fate<Outgoing>[] = []
    try {
      await transactions.run(
        async (open) => {
          sent = await sendInTransaction(open.sender(), planner, groups, send)
          const failed = sent.find((fate) => fate.failed)?.failed
          if (failed) await open.remember(() => Promise.reject(failed.error))
        },
        () => until,
      )
      return sent
    } catch (error) {
      return aborted(groups, sent, error)
    }
  }
}

/** One span for all of them, the context in the headers of each, and a count by what became of them. */
function observed(
  { options, runtime }: Publishing,
  entries: readonly Entry[],
  send: Send,
): Promise<Fate<Placed>[]> {
  const { items, refused } = prepared(entries, runtime.now())
  const groups = [...Map.groupBy(items, ({ topic }) => topic)]
  const batch = groups.map(([topic, ofIt]) => ({ topic, messages: ofIt.map(({ message }) => message) }))
  const tell = async (sending: Sending) => {
    const contextual = groups.map(([topic, ofIt], group): TopicItems => {
      const given = ofIt.map(({ message }) => message)
      const told = inContext(given, group, sending)
      return [topic, ofIt.map((item, index) => ({ ...item, message: told[index] ?? item.message }))]
    })
    const fates = [...refused, ...(await send(contextual, refused.length > 0))]
    for (const { failed } of fates) if (failed) annotate(failed.error, classifyFailure(failed.error))
    return { value: fates, outcomes: fates.map(outcomeOf) }
  }
  return observedSend(batch, options.clientId, tell, { perMessageSpans: options.perMessageSpans })
}

function turnedAway(topic: string, items: Outgoing[]): Fate<Outgoing> {
  const error = new KafkaPublishError('publisher_busy')
  return { items, topic, failed: { error, kind: 'backpressure', notTried: true } }
}

/** Of a transaction that was not committed: what failed has its own fate, and the others share that of the transaction. */
function aborted(
  groups: readonly TopicItems[],
  sent: readonly Fate<Outgoing>[],
  error: unknown,
): Fate<Outgoing>[] {
  const ownFate = !isFence(error) && sent.some(({ failed }) => failed?.error === error)
  if (ownFate) return sent.map((fate) => (fate.failed ? fate : givenUp(fate.topic, fate.items)))
  const kind = isFence(error) ? 'fenced' : kindOf(error)
  return groups.map(([topic, items]) => ({ items, topic, failed: { error, kind } }))
}

/** Of a message that cannot be sent, nothing is known but its place. */
type Placed = Pick<Outgoing, 'recordId' | 'index'>

function prepared(entries: readonly Entry[], now: number): { items: Outgoing[]; refused: Fate<Placed>[] } {
  const items: Outgoing[] = []
  const refused: Fate<Placed>[] = []
  entries.forEach((entry, index) => {
    const item = outgoing(entry, index, now)
    if ('message' in item) items.push(item)
    else {
      const failed = { error: item.error, kind: 'poison', notTried: true } as const
      refused.push({ items: [item], topic: undefined, failed })
    }
  })
  return { items, refused }
}

function outcomeOf({ topic, items, partition, baseOffset, failed }: Fate<Placed>): SendOutcome {
  const { error, notTried } = failed ?? {}
  return { topic, messages: items.length, partition, baseOffset, error, notTried }
}

/** In the order of the messages. */
function resultsOf(fates: readonly Fate<Placed>[]): PublishResult[] {
  const results: PublishResult[] = []
  for (const { items, partition, baseOffset, failed } of fates) {
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

/** Every error that a result has had. */
const given = new WeakSet<Error>()

/** What failed several messages, or calls that waited for the same connection, is an object for each: callers write into it. */
function ownError(thrown: unknown): Error {
  const error = asError(thrown)
  if (given.has(error)) return copyOf(error)
  given.add(error)
  return error
}
