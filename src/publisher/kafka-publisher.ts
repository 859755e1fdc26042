import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError, MskIamConfigurationError } from '../failures/errors.ts'
import { type Runtime, systemRuntime, wait } from '../runtime.ts'
import { Attribute } from '../telemetry/names.ts'
import { observedCommit } from '../telemetry/observed-commit.ts'
import { deadLetter } from './dead-letter.ts'
import { buildEngine, type Engine } from './engine.ts'
import { tellsByItself } from './instrument-publisher.ts'
import { entriesOf } from './message-list.ts'
import { asError } from './outgoing.ts'
import { callHook } from './publisher-hooks.ts'
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
  TransactionOffsets,
} from './publisher-types.ts'
import { type Publishing, publishAll, publishInTransaction } from './publishing.ts'
import { ensureTopics, requireTopics } from './topics.ts'
import type { OpenTransaction } from './transactions.ts'

/**
 * Publishes to Kafka and says what became of each message: what is `ok` is in the topic exactly once, what is `fatal` or
 * `poison` is not, and what is `retriable` is there at most once (with `idempotent`; with `acks: 0` nobody answers, and `ok`
 * says that it was sent). Needs kafkajs.
 */
export class KafkaPublisher implements AsyncDisposable {
  readonly #options: CheckedPublisherOptions
  readonly #runtime: Runtime
  readonly #underWay = new Set<Promise<unknown>>()
  /** Messages. */
  #inFlight = 0
  #engine: Engine | undefined
  #connecting: Promise<void> | undefined

  /** @throws MskIamConfigurationError `invalid_option` */
  constructor(options: KafkaPublisherOptions) {
    this.#options = checkedPublisherOptions(options)
    this.#runtime = systemRuntime
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
    if (this.#engine) return Promise.resolve()
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
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
    const engine = this.#connected()
    const results = await this.#tracked(entries.length, () =>
      publishAll(this.#publishing(engine), entries, this.#inFlight),
    )
    results.forEach((result, index) => {
      const message = entries[index]?.source as PublishableMessage
      void callHook(this.#options.hooks, 'onPublish', result, message)
      if (result.error) void callHook(this.#options.hooks, 'onError', result.error, message)
    })
    return results
  }

  /**
   * Publishes one message, whose `topic` is that of the dead letters, with the cause in its headers: `dlq-reason`,
   * `dlq-error-class`, `dlq-error-code`, `dlq-original-topic` (from a header `original-topic`) and `dlq-failed-at`.
   *
   * @throws what it failed with
   */
  async publishToDlq(message: PublishableMessage, error: Error): Promise<void> {
    const now = new Date(this.#runtime.now())
    const [result] = await this.publish([deadLetter(message, error, now)])
    if (result?.error) throw result.error
  }

  /**
   * Runs `work` in a transaction: committed when it resolves, else aborted. One at a time; others wait.
   *
   * @throws what `work` or a message failed with; KafkaPublishError `transaction_outcome_unknown` where the commit got no
   * answer
   */
  async transaction<T>(work: (transaction: PublisherTransaction) => Promise<T>): Promise<T> {
    const engine = this.#connected()
    const { transactions } = engine
    if (!transactions) {
      throw new MskIamConfigurationError('invalid_option', {
        detail: '`transactionalId` is missing; `transaction` needs it',
      })
    }
    const publishing = this.#publishing(engine)
    const run = () =>
      transactions.run((open) =>
        work({
          publish: (messages) =>
            open.remember(async () => publishInTransaction(publishing, open, entriesOf(messages))),
          sendOffsets: (offsets) => open.remember(() => this.#sendOffsets(open, offsets)),
        }),
      )
    return this.#tracked(0, run)
  }

  /** A connected admin client; close it. */
  async admin(): Promise<PublisherAdmin> {
    return this.#connected().admin()
  }

  /** Creates the topics that are missing, grows those that are too small if it may, and says what became of each. */
  async ensureTopics(
    specs: readonly TopicSpec[],
    options: { readonly growPartitions?: boolean } = {},
  ): Promise<EnsuredTopic[]> {
    await using admin = await this.admin()
    return await ensureTopics(admin, specs, options)
  }

  /**
   * Whether the cluster answers, with the credentials of now: connects an admin client and lists the topics. Does not throw.
   *
   * @param options `timeoutMs`: default 5 000; 0 for no limit
   */
  async healthCheck({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<HealthStatus> {
    const timestamp = this.#runtime.now()
    const began = this.#runtime.monotonic()
    const check = async () => {
      await using admin = await this.admin()
      await admin.listTopics()
    }
    let error: Error | undefined
    const stop = new AbortController()
    try {
      const limit = timeoutMs > 0 ? [wait(this.#runtime, timeoutMs, stop.signal).then(tooLong)] : []
      await Promise.race([check(), ...limit])
    } catch (problem) {
      error = asError(problem)
      annotate(error, classifyFailure(error))
    } finally {
      stop.abort()
    }
    const latencyMs = this.#runtime.monotonic() - began
    return { ok: error === undefined, latencyMs, timestamp, ...(error ? { error } : {}) }
  }

  /** Finishes what is under way, then disconnects. May be called twice. */
  async disconnect(): Promise<void> {
    await this.#connecting?.catch(() => undefined)
    const engine = this.#engine
    if (!engine) return
    // From now on nothing new is taken.
    this.#engine = undefined
    await Promise.allSettled(this.#underWay)
    await engine.close()
    void callHook(this.#options.hooks, 'onDisconnect')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }

  async #connect(): Promise<void> {
    const engine = await buildEngine(this.#options, this.#runtime)
    try {
      await engine.connect()
      const { validateTopicsOnConnect } = this.#options
      if (validateTopicsOnConnect.length > 0) {
        await using admin = await engine.admin()
        await requireTopics(admin, validateTopicsOnConnect)
      }
    } catch (error) {
      await engine.close()
      void callHook(this.#options.hooks, 'onError', asError(error))
      throw error
    }
    this.#engine = engine
    void callHook(this.#options.hooks, 'onConnect')
  }

  #connected(): Engine {
    if (!this.#engine) throw new KafkaPublishError('publisher_not_connected')
    return this.#engine
  }

  #sendOffsets(open: OpenTransaction, offsets: TransactionOffsets): Promise<void> {
    const commit = {
      topics: offsets.topics.map(({ topic }) => topic),
      attributes: { [Attribute.MessagingConsumerGroup]: offsets.consumerGroupId },
      clientId: this.#options.clientId,
    }
    return observedCommit(commit, () => open.transaction.sendOffsets(offsets))
  }

  #publishing(engine: Engine): Publishing {
    return { engine, options: this.#options, runtime: this.#runtime }
  }

  async #tracked<T>(messages: number, work: () => Promise<T>): Promise<T> {
    this.#inFlight += messages
    const running = work()
    this.#underWay.add(running)
    try {
      return await running
    } finally {
      this.#underWay.delete(running)
      this.#inFlight -= messages
    }
  }
}

function tooLong(): never {
  throw new KafkaPublishError('health_check_timeout')
}
