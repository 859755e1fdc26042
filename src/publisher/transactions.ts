import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import { Attribute, Span } from '../telemetry/names.ts'
import { type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { isFence } from './error-kind.ts'
import type { KafkaJsProducer, KafkaJsTransaction } from './kafkajs.ts'
import { asError } from './outgoing.ts'

/** A transaction under way, and whether something in it has failed. */
export class OpenTransaction {
  readonly transaction: KafkaJsTransaction
  failure: unknown
  hasFailed = false
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(transaction: KafkaJsTransaction) {
    this.transaction = transaction
  }

  /** Remembers a failure: kafkajs would commit a transaction whose sends have failed, and say that all is well. */
  async remember<T>(work: () => Promise<T>): Promise<T> {
    const working = work()
    this.#underWay.add(working)
    try {
      return await working
    } catch (error) {
      if (!this.hasFailed) this.failure = error
      this.hasFailed = true
      throw error
    } finally {
      this.#underWay.delete(working)
    }
  }

  /** What was begun and not waited for would be cut in two by the commit. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }
}

export interface TransactionSettings {
  readonly autoRecoverFromFence: boolean
  onAbort(error: Error): void
  onFenced(error: Error): void
}

/** Runs transactions one after the other, with a producer that is replaced whenever one of them went wrong. */
export class Transactions {
  readonly #make: () => Promise<KafkaJsProducer>
  readonly #settings: TransactionSettings
  #producer: Promise<KafkaJsProducer> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** `make` gives a transactional producer that is connected. */
  constructor(make: () => Promise<KafkaJsProducer>, settings: TransactionSettings) {
    this.#make = make
    this.#settings = settings
  }

  /** Connects its producer, which ends what an earlier one with this transactional id has left open, and fences it. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /** Commits when `work` succeeds, else aborts and rethrows. One at a time; the others wait. */
  run<T>(work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#withRecovery(work))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    await this.#last
    await this.#discard()
  }

  async #withRecovery<T>(work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#once(work)
    } catch (error) {
      if (!isFence(error)) throw error
      this.#settings.onFenced(asError(error))
      if (!this.#settings.autoRecoverFromFence) throw error
      // Once: two instances with one transactional id would fence each other for ever.
      return await this.#once(work)
    }
  }

  #once<T>(work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    return withSpan(Span.Transaction, {}, async (span) => {
      try {
        const open = new OpenTransaction(await (await this.#connected()).transaction())
        return await this.#finish(open, work, span)
      } catch (error) {
        annotate(error, classifyFailure(error))
        throw error
      }
    })
  }

  async #finish<T>(
    open: OpenTransaction,
    work: (open: OpenTransaction) => Promise<T>,
    span: SafeSpan,
  ): Promise<T> {
    let value: T
    try {
      try {
        value = await work(open)
      } finally {
        await open.settled()
      }
      if (open.hasFailed) throw open.failure
    } catch (error) {
      await this.#abort(open, error, span)
      throw error
    }
    await this.#commit(open, span)
    return value
  }

  async #commit(open: OpenTransaction, span: SafeSpan): Promise<void> {
    try {
      await open.transaction.commit()
      span.set({ [Attribute.TransactionOutcome]: 'commit' })
    } catch (error) {
      // kafkajs can do nothing more with this producer.
      await this.#discard()
      if ((error as Error).name === 'KafkaJSProtocolError') {
        span.set({ [Attribute.TransactionOutcome]: 'abort' })
        throw error
      }
      span.set({ [Attribute.TransactionOutcome]: 'unknown' })
      throw new KafkaPublishError('transaction_outcome_unknown', { original: error })
    }
  }

  async #abort(open: OpenTransaction, reason: unknown, span: SafeSpan): Promise<void> {
    span.set({ [Attribute.TransactionOutcome]: 'abort' })
    try {
      await open.transaction.abort()
    } catch {
      // The broker aborts it when the next producer comes, or when its time is over.
      open.hasFailed = true
    }
    // After a send that may have been written, kafkajs would give its sequence number to the next one.
    if (open.hasFailed) await this.#discard()
    this.#settings.onAbort(asError(reason))
  }

  #connected(): Promise<KafkaJsProducer> {
    this.#producer ??= this.#takenOver().catch((error) => {
      this.#producer = undefined
      throw error
    })
    return this.#producer
  }

  /** kafkajs asks for the transactional id when its first transaction begins; an empty one is at this client alone. */
  async #takenOver(): Promise<KafkaJsProducer> {
    const producer = await this.#make()
    try {
      const first = await producer.transaction()
      await first.abort()
      return producer
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
  }

  async #discard(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((held) => held.disconnect()).catch(() => undefined)
  }
}
