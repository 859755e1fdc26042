import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import type { Runtime } from '../runtime.ts'
import type { Engine } from './engine.ts'
import { isFence, kindOf } from './error-kind.ts'
import { asError, type Outgoing, outgoing, recordIdOf } from './outgoing.ts'
import type { Fate } from './partition-publisher.ts'
import type { CheckedPublisherOptions } from './publisher-options.ts'
import type { PublishableMessage, PublishResult } from './publisher-types.ts'
import { inContext, observedSend, type Sending, type SendOutcome } from './send-telemetry.ts'
import { givenUp, sendInTransaction } from './transactional-sending.ts'
import type { OpenTransaction } from './transactions.ts'

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
  messages: readonly PublishableMessage[],
  inFlight: number,
): Promise<PublishResult[]> {
  const { options } = publishing
  const each = options.transactional ? inOneTransaction(publishing) : byPartition(publishing, inFlight)
  return resultsOf(await observed(publishing, messages, each))
}

/** @throws what the first message failed with */
export async function publishInTransaction(
  publishing: Publishing,
  open: OpenTransaction,
  messages: readonly PublishableMessage[],
): Promise<PublishResult[]> {
  const { planner, send } = publishing.engine
  const fates = await observed(publishing, messages, (groups) =>
    sendInTransaction(open.transaction, planner, groups, send),
  )
  const failed = fates.find((fate) => fate.failed)?.failed
  if (failed) throw failed.error
  return resultsOf(fates)
}

type Send = (groups: TopicItems[], invalid: boolean) => Promise<Fate<Outgoing>[]>

function byPartition({ engine, options, runtime }: Publishing, inFlight: number): Send {
  return async (groups) => {
    if (inFlight > options.maxInFlightMessages) {
      return groups.map(([topic, items]) => turnedAway(topic, items))
    }
    const deadline = runtime.monotonic() + options.deliveryTimeoutMs
    const sent = groups.map(([topic, items]) => engine.partitions.publish(topic, items, deadline))
    return (await Promise.all(sent)).flat()
  }
}

function inOneTransaction({ engine: { transactions, planner, send } }: Publishing): Send {
  return async (groups, invalid) => {
    if (!transactions || invalid) return groups.map(([topic, items]) => givenUp(topic, items))
    let sent: Fate<Outgoing>[] = []
    try {
      await transactions.run(async (open) => {
        sent = await sendInTransaction(open.transaction, planner, groups, send)
        const failed = sent.find((fate) => fate.failed)?.failed
        if (failed) await open.remember(() => Promise.reject(failed.error))
      })
      return sent
    } catch (error) {
      return aborted(groups, sent, error)
    }
  }
}

/** One span for all of them, the context in the headers of each, and a count by what became of them. */
function observed(
  { options, runtime }: Publishing,
  messages: readonly PublishableMessage[],
  send: Send,
): Promise<Fate<Outgoing>[]> {
  const { items, invalid } = prepared(messages, runtime.now())
  const groups = [...Map.groupBy(items, ({ source }) => source.topic)]
  const batch = groups.map(([topic, ofIt]) => ({ topic, messages: ofIt.map(({ message }) => message) }))
  const tell = async (sending: Sending) => {
    const contextual = groups.map(([topic, ofIt], group): TopicItems => {
      const given = ofIt.map(({ message }) => message)
      const told = inContext(given, group, sending)
      return [topic, ofIt.map((item, index) => ({ ...item, message: told[index] ?? item.message }))]
    })
    const fates = [...(await send(contextual, invalid.length > 0)), ...invalid]
    for (const { failed } of fates) if (failed) annotate(failed.error, classifyFailure(failed.error))
    return { value: fates, outcomes: fates.map(outcomeOf) }
  }
  return observedSend(batch, options.clientId, tell, { perMessageSpans: options.perMessageSpans })
}

function turnedAway(topic: string, items: Outgoing[]): Fate<Outgoing> {
  return { items, topic, failed: { error: new KafkaPublishError('publisher_busy'), kind: 'backpressure' } }
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

interface Prepared {
  readonly items: Outgoing[]
  /** What cannot be sent. */
  readonly invalid: Fate<Outgoing>[]
}

function prepared(messages: readonly PublishableMessage[], now: number): Prepared {
  const items: Outgoing[] = []
  const invalid: Fate<Outgoing>[] = []
  messages.forEach((source, index) => {
    try {
      items.push(outgoing(source, index, now))
    } catch (error) {
      const item = { source, index, recordId: recordIdOf(source, index), message: { value: null } }
      const topic = typeof source?.topic === 'string' ? source.topic : undefined
      invalid.push({ items: [item], topic, failed: { error, kind: 'poison' } })
    }
  })
  return { items, invalid }
}

function outcomeOf({ topic, items, partition, baseOffset, failed }: Fate<Outgoing>): SendOutcome {
  return { topic, messages: items.length, partition, baseOffset, error: failed?.error }
}

/** In the order of the messages. */
function resultsOf(fates: readonly Fate<Outgoing>[]): PublishResult[] {
  const results: PublishResult[] = []
  for (const { items, partition, baseOffset, failed } of fates) {
    items.forEach(({ index, recordId }, place) => {
      const where = partition === undefined ? {} : { partition }
      const offset = baseOffset === undefined ? {} : { offset: String(BigInt(baseOffset) + BigInt(place)) }
      results[index] = failed
        ? { recordId, ok: false, ...where, error: asError(failed.error), errorKind: failed.kind }
        : { recordId, ok: true, ...where, ...offset }
    })
  }
  return results
}
