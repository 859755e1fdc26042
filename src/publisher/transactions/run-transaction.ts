import { AsyncLocalStorage } from 'node:async_hooks'
import type { Runtime } from '../../base/clocks-and-timers.ts'
import { inTime } from '../../base/in-time.ts'
import { annotate, classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import { outcomeOfFailedCommit } from '../../messaging/transaction-outcome.ts'
import { Attribute, Span } from '../../telemetry/names.ts'
import { type SafeSpan, withSpan } from '../../telemetry/with-span.ts'
import { isFence } from '../error-kind.ts'
import { asError } from '../prepared-message.ts'
import { type Deadline, OpenTransaction } from './open-transaction.ts'
import type { TransactionalProducer } from './transactional-producer.ts'

export interface TransactionSettings {
  readonly autoRecoverFromFence: boolean
  onAbort(error: Error): Promise<void>
  onFenced(error: Error): Promise<void>
}

type Work<T> = (open: OpenTransaction) => Promise<T>

/** Committed with a value; or aborted: what its caller gets, and the failure of Kafka, if there was one. */
type Ended<T> = { readonly value: T } | { readonly thrown: unknown; readonly because: unknown }

/** The error of a transaction of which nothing can be in a topic yet. */
const notBegun = (detail: string) =>
  new KafkaPublishError('delivery_timeout', {
    detail: `the transaction was not begun, ${detail}`,
    hint: 'Nothing of it was sent: run it again. `deliveryTimeoutMs` says how long it waits.',
  })

/** Runs transactions one after the other. */
export class Transactions {
  readonly #producer: TransactionalProducer
  readonly #settings: TransactionSettings
  readonly #runtime: Runtime
  /** The transaction whose work is calling. */
  readonly #enclosing = new AsyncLocalStorage<OpenTransaction>()
  /** Resolves when all transactions so far have ended. */
  #last: Promise<unknown> = Promise.resolve(true)
  #open: OpenTransaction | undefined
  #stopped: Error | undefined

  constructor(producer: TransactionalProducer, settings: TransactionSettings, runtime: Runtime) {
    this.#producer = producer
    this.#settings = settings
    this.#runtime = runtime
  }

  /** Connects the producer. That aborts what an earlier one with this transactional id left open, and fences it. */
  async connect(): Promise<void> {
    await this.#producer.connected()
  }

  /** @throws KafkaPublishError `transaction_in_progress` in the work of a transaction, which would wait for itself */
  refuseInside(): void {
    const enclosing = this.#enclosing.getStore()
    if (enclosing && !enclosing.ended) throw new KafkaPublishError('transaction_in_progress')
  }

  /**
   * Commits when `work` succeeds, else aborts and rethrows. One at a time; the others wait.
   *
   * @throws KafkaPublishError `transaction_in_progress`; `delivery_timeout` where its turn does not come in time
   */
  async run<T>(work: Work<T>, deadline: Deadline): Promise<T> {
    this.refuseInside()
    const before = this.#last
    const turn = this.#inTurn(before, work, deadline)
    this.#last = Promise.allSettled([before, turn])
    return turn
  }

  /** Does not wait for the running work any longer, and begins no other: their callers get this error. */
  stop(error: Error): void {
    this.#stopped = error
    this.#open?.stop(error)
  }

  async close(): Promise<void> {
    await this.#last
    await this.#producer.close()
  }

  async #inTurn<T>(before: Promise<unknown>, work: Work<T>, deadline: Deadline): Promise<T> {
    if (!(await inTime(before, deadline(), this.#runtime)))
      throw notBegun('the transaction before it has not ended')
    let ended = await this.#once(work, deadline)
    if (!('value' in ended) && isFence(ended.because)) {
      await this.#settings.onFenced(asError(ended.because))
      // Once: two instances with one transactional id would fence each other for ever.
      if (this.#settings.autoRecoverFromFence) ended = await this.#once(work, deadline)
    }
    if ('value' in ended) return ended.value
    throw ended.thrown
  }

  #once<T>(work: Work<T>, deadline: Deadline): Promise<Ended<T>> {
    return withSpan(Span.Transaction, {}, async (span): Promise<Ended<T>> => {
      try {
        return await this.#finish(await this.#begin(deadline), work, span)
      } catch (error) {
        annotate(error, classifyFailure(error))
        span.fail(error)
        return { thrown: error, because: error }
      }
    })
  }

  async #begin(deadline: Deadline): Promise<OpenTransaction> {
    if (this.#stopped) throw this.#stopped
    const producer = await inTime(this.#producer.connected(), deadline(), this.#runtime)
    if (!producer) throw notBegun('its producer is not connected')
    return new OpenTransaction(await producer.transaction(), deadline, this.#runtime)
  }

  async #finish<T>(open: OpenTransaction, work: Work<T>, span: SafeSpan): Promise<Ended<T>> {
    let done: { readonly value: T } | { readonly error: unknown }
    try {
      this.#open = open
      done = { value: await open.outcome(this.#enclosing.run(open, async () => work(open))) }
    } catch (error) {
      done = { error }
    }
    await open.settled()
    open.ended = true
    if ('error' in done) return this.#abort(open, done.error, span)
    if (open.failed) return this.#abort(open, open.failed.error, span)
    await this.#commit(open, span)
    return done
  }

  async #commit(open: OpenTransaction, span: SafeSpan): Promise<void> {
    try {
      await open.commit()
      span.set({ [Attribute.TransactionOutcome]: 'commit' })
    } catch (error) {
      // kafkajs can do nothing more with this producer.
      this.#producer.discard()
      const outcome = outcomeOfFailedCommit(error)
      span.set({ [Attribute.TransactionOutcome]: outcome })
      if (outcome === 'abort') throw error
      throw new KafkaPublishError('transaction_outcome_unknown', { original: error })
    }
  }

  /** Work that throws without a failure of Kafka aborts on purpose: its error is its caller's, and the span has none. */
  async #abort(open: OpenTransaction, thrown: unknown, span: SafeSpan): Promise<Ended<never>> {
    span.set({ [Attribute.TransactionOutcome]: 'abort' })
    const because = open.failed?.error
    if (open.failed) {
      span.fail(because)
      annotate(because, classifyFailure(because))
    }
    // What kafkajs is still busy with could be written after an abort, so the next producer aborts it, or the broker does.
    const aborted =
      !open.unfinished &&
      (await open.abort().then(
        () => true,
        () => false,
      ))
    // After a send that may have been written, kafkajs would give its sequence number to the next one.
    if (open.failed || !aborted) this.#producer.discard()
    await this.#settings.onAbort(asError(thrown))
    return { thrown, because }
  }
}
