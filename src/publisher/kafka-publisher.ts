import { type Runtime, systemRuntime } from '../base/clocks-and-timers.ts'
import { inTime } from '../base/in-time.ts'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError, MskIamConfigurationError } from '../failures/errors.ts'
import { tellsByItself } from '../instrument/instrument-publisher.ts'
import { ClusterAdmin } from './cluster-admin.ts'
import { deadLetter } from './dead-letter.ts'
import { Hooks } from './hooks.ts'
import { Lifecycle } from './lifecycle.ts'
import { entriesOf } from './message-list.ts'
import { checkedEnsureTopics, checkedWork } from './method-options.ts'
import { asError } from './prepared-message.ts'
import { type CheckedPublisherOptions, checkedPublisherOptions } from './publisher-options.ts'
import type {
  EnsuredTopic,
  HealthStatus,
  KafkaPublisherOptions,
  PublishableMessage,
  PublisherAdmin,
  PublisherTransaction,
  PublishResult,
  TopicSpec,
} from './publisher-types.ts'
import { publishAll } from './sending/publish-all.ts'
import { createPublishingClient, type PublishingClient } from './sending/publishing-client.ts'
import { unanswered } from './time-limits.ts'
import { ensureTopics, requireTopics } from './topics.ts'
import { transactionWork } from './transactions/transaction-work.ts'

/**
 * Publishes to Kafka and reports the outcome of each message: what is `ok` is in the topic exactly once, what is `fatal` or
 * `poison` is not, and what is `retriable` is there at most once (with `idempotent`; with `acks: 0` nobody answers, and `ok`
 * says that it was sent). Needs kafkajs.
 *
 * @example
 * ```ts
 * await using publisher = new KafkaPublisher({ clientId: 'orders', brokers, sasl, ...connection })
 * await publisher.connect()
 * const [result] = await publisher.publish([{ topic: 'orders', key: 'customer-7', value: 'tea' }])
 * if (!result?.ok) console.error(result?.errorKind, result?.error)
 * ```
 */
export class KafkaPublisher implements AsyncDisposable {
  readonly #options: CheckedPublisherOptions
  readonly #runtime: Runtime
  readonly #hooks: Hooks
  readonly #admin: ClusterAdmin
  readonly #lifecycle = new Lifecycle()
  readonly #running = new Set<Promise<unknown>>()
  /** Number of messages. */
  #inFlight = 0
  #client: PublishingClient | undefined

  /** @throws MskIamConfigurationError `invalid_option` */
  constructor(options: KafkaPublisherOptions) {
    this.#runtime = systemRuntime
    this.#options = checkedPublisherOptions(options, this.#runtime)
    this.#hooks = new Hooks(this.#options.hooks, this.#runtime)
    this.#admin = new ClusterAdmin(this.#options, this.#runtime)
    tellsByItself(this)
  }

  /** Whether every `publish` is a transaction. */
  get transactional(): boolean {
    return this.#options.transactional
  }

  /**
   * Connects, and checks `validateTopicsOnConnect`. May be called again.
   *
   * @throws what connecting failed with, with `failure` beside it; KafkaPublishError `topics_missing`
   */
  connect(): Promise<void> {
    return this.#lifecycle.run('connect', () => this.#connect())
  }

  /**
   * Publishes messages, each to a partition that does not change, each partition in order.
   *
   * @returns one result for each place of the array, in its order
   * @throws KafkaPublishError `publisher_not_connected`, or `message_invalid` for what is no array; never for a message
   */
  async publish(messages: readonly PublishableMessage[]): Promise<PublishResult[]> {
    const entries = entriesOf(messages)
    if (entries.length === 0) return []
    const client = this.#connected()
    const results = await this.#tracked(entries.length, () => publishAll(client, entries, this.#inFlight))
    await this.#hooks.published(results, entries)
    return results
  }

  /**
   * Publishes one message, whose `topic` is that of the dead letters, with the cause in its headers: `dlq-reason`,
   * `dlq-error-class`, `dlq-error-code`, `dlq-failed-at`, and `dlq-original-topic` where the message has a header of that
   * name already, or one called `original-topic`.
   *
   * @throws what it failed with
   */
  async publishToDlq(message: PublishableMessage, error: Error): Promise<void> {
    const now = new Date(this.#runtime.now())
    const [result] = await this.publish([deadLetter(message, error, now)])
    if (result?.error) throw result.error
  }

  /**
   * Runs `work` in a transaction: committed when it resolves, else aborted. One at a time; others wait. Each step (waiting,
   * beginning, a `publish`, `sendOffsets`, the end) takes at most `deliveryTimeoutMs`.
   *
   * @throws what `work` threw, or a message failed with; KafkaPublishError `transaction_outcome_unknown` where the commit
   * got no answer, `transaction_in_progress` within the work of another one, `delivery_timeout`
   */
  async transaction<T>(work: (transaction: PublisherTransaction) => Promise<T>): Promise<T> {
    checkedWork(work)
    const client = this.#connected()
    const { transactions } = client
    if (!transactions) {
      throw new MskIamConfigurationError('invalid_option', {
        detail: '`transactionalId` is missing; `transaction` needs it',
      })
    }
    const deadline = () => this.#runtime.monotonic() + this.#options.deliveryTimeoutMs
    const run = () => transactions.run(async (open) => work(transactionWork(client, open)), deadline)
    return this.#tracked(0, run)
  }

  /** A connected admin client; close it. The publisher need not be connected. */
  admin(): Promise<PublisherAdmin> {
    return this.#admin.open()
  }

  /**
   * Creates the topics that are missing, grows those that are too small if it may, and reports the outcome of each. The
   * publisher need not be connected.
   */
  async ensureTopics(
    specs: readonly TopicSpec[],
    options: { readonly growPartitions?: boolean | undefined } = {},
  ): Promise<EnsuredTopic[]> {
    const checked = checkedEnsureTopics(specs, options)
    if (checked.specs.length === 0) return []
    return this.#admin.use((admin) => ensureTopics(admin, checked.specs, checked.options))
  }

  /**
   * Whether the cluster answers, with the current credentials: connects an admin client and lists the topics. Does not throw,
   * and the publisher need not be connected.
   *
   * @param options `timeoutMs`: default 5 000; 0 for no limit
   */
  healthCheck(options: { readonly timeoutMs?: number } = {}): Promise<HealthStatus> {
    return this.#admin.health(options)
  }

  /**
   * Finishes what is running, then disconnects. May be called again. The work of a transaction has `transactionTimeoutMs`
   * to end; then the transaction is aborted, and its caller gets KafkaPublishError `callback_timeout`.
   *
   * @throws KafkaPublishError `transaction_in_progress` within the work of a transaction, which it would wait for
   */
  async disconnect(): Promise<void> {
    this.#client?.transactions?.refuseInside()
    await this.#lifecycle.run('disconnect', () => this.#disconnect())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }

  async #connect(): Promise<void> {
    if (this.#client) return
    let client: PublishingClient | undefined
    try {
      client = await createPublishingClient(this.#options, this.#hooks, this.#runtime)
      await client.connect()
      const { validateTopicsOnConnect } = this.#options
      if (validateTopicsOnConnect.length > 0) {
        await this.#admin.use((admin) => requireTopics(admin, validateTopicsOnConnect))
      }
    } catch (error) {
      await client?.close()
      annotate(error, classifyFailure(error))
      await this.#hooks.call('onError', asError(error))
      throw error
    }
    this.#client = client
    await this.#hooks.call('onConnect')
  }

  async #disconnect(): Promise<void> {
    const client = this.#client
    if (!client) return
    // From now on nothing new is accepted.
    this.#client = undefined
    const finished = Promise.allSettled(this.#running)
    // Everything ends on its own, except what the caller does in a transaction.
    const ms = this.#options.transactionTimeoutMs
    if (!(await inTime(finished, this.#runtime.monotonic() + ms, this.#runtime))) {
      client.transactions?.stop(unanswered('transaction(work)', ms))
      await finished
    }
    await client.close()
    await this.#hooks.call('onDisconnect')
  }

  #connected(): PublishingClient {
    if (!this.#client) throw new KafkaPublishError('publisher_not_connected')
    return this.#client
  }

  async #tracked<T>(messages: number, work: () => Promise<T>): Promise<T> {
    this.#inFlight += messages
    const result = work()
    this.#running.add(result)
    try {
      return await result
    } finally {
      this.#running.delete(result)
      this.#inFlight -= messages
    }
  }
}
