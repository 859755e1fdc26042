import type { Runtime } from '../../base/clocks-and-timers.ts'
import { inTime } from '../../base/in-time.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsSender, KafkaJsTransaction } from '../../kafkajs/kafkajs-api.ts'
import type { TransactionOffsets } from '../publisher-types.ts'

/** The deadline of a step that begins now, monotonic ms. */
export type Deadline = () => number

/** A transaction that has not ended, what in it has failed, and how long each of its steps may take. */
export class OpenTransaction {
  /** The first failure in it, which ends it. An error that the work throws itself is not in here. */
  failed: { readonly error: unknown } | undefined
  /** kafkajs is still busy with something that took too long: the producer cannot be used any more. */
  unfinished = false
  ended = false
  readonly #transaction: KafkaJsTransaction
  readonly #deadline: Deadline
  readonly #runtime: Runtime
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #stopped = Promise.withResolvers<never>()

  constructor(transaction: KafkaJsTransaction, deadline: Deadline, runtime: Runtime) {
    this.#transaction = transaction
    this.#deadline = deadline
    this.#runtime = runtime
  }

  /** Sends in the transaction, everything until one deadline. */
  sender(): KafkaJsSender {
    const deadline = this.#deadline()
    return { send: (record) => this.#within(deadline, () => this.#transaction.send(record)) }
  }

  sendOffsets(offsets: TransactionOffsets): Promise<void> {
    return this.#within(this.#deadline(), () => this.#transaction.sendOffsets(offsets))
  }

  commit(): Promise<void> {
    return this.#within(this.#deadline(), () => this.#transaction.commit())
  }

  abort(): Promise<void> {
    return this.#within(this.#deadline(), () => this.#transaction.abort())
  }

  /** Runs `work`, and keeps its failure: kafkajs would commit a transaction whose sends have failed, and report success. */
  async recordFailureOf<T>(work: () => Promise<T>): Promise<T> {
    if (this.failed) throw new KafkaPublishError('transaction_aborted', { original: this.failed.error })
    const working = work()
    this.#underWay.add(working)
    try {
      return await working
    } catch (error) {
      this.failed ??= { error }
      throw error
    } finally {
      this.#underWay.delete(working)
    }
  }

  /** The outcome of its work, unless it is stopped before. */
  outcome<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped.promise])
  }

  /** Does not wait for its work any longer; the transaction fails with this error. */
  stop(error: Error): void {
    this.failed ??= { error }
    this.#stopped.reject(error)
  }

  /** Waits for what the work began and did not wait for: a commit now would include only a part of it. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  /** @throws KafkaPublishError `delivery_timeout` */
  async #within<T>(deadline: number, work: () => Promise<T>): Promise<T> {
    const done = await inTime(
      work().then((value) => ({ value })),
      deadline,
      this.#runtime,
    )
    if (done) return done.value
    this.unfinished = true
    throw new KafkaPublishError('delivery_timeout')
  }
}
