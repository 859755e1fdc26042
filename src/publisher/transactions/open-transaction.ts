import { inTime } from '../../base/in-time.ts'
import type { Runtime } from '../../base/runtime.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsSender, KafkaJsTransaction } from '../../kafkajs/kafkajs-api.ts'
import type { TransactionOffsets } from '../publisher-types.ts'

/** When what is begun now has to be done, monotonic ms. */
export type Deadline = () => number

/** A transaction under way, what in it has failed, and how long each of its steps may take. */
export class OpenTransaction {
  /** What failed first in it, and so ends it. An error that the work throws itself is not in here. */
  failed: { readonly error: unknown } | undefined
  /** kafkajs is still busy with something that took too long: the producer cannot be used any more. */
  unfinished = false
  ended = false
  readonly #transaction: KafkaJsTransaction
  readonly #deadline: Deadline
  readonly #runtime: Runtime
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #givenUp = Promise.withResolvers<never>()

  constructor(transaction: KafkaJsTransaction, deadline: Deadline, runtime: Runtime) {
    this.#transaction = transaction
    this.#deadline = deadline
    this.#runtime = runtime
  }

  /** Sends within it, all of it until one deadline. */
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

  /** Remembers a failure: kafkajs would commit a transaction whose sends have failed, and say that all is well. */
  async remember<T>(work: () => Promise<T>): Promise<T> {
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

  /** What its work comes to, unless it is given up before. */
  outcome<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#givenUp.promise])
  }

  /** Its work is not waited for any more, and the transaction fails with this. */
  giveUp(error: Error): void {
    this.failed ??= { error }
    this.#givenUp.reject(error)
  }

  /** What was begun and not waited for would be cut in two by the commit. */
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
