import type { Runtime } from '../base/clocks-and-timers.ts'
import { inTime } from '../base/in-time.ts'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import { type KafkaJsClient, loadKafkaJs } from '../kafkajs/kafkajs-api.ts'
import { connected, createClient } from '../kafkajs/make-clients.ts'
import { withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { milliseconds } from '../options/values.ts'
import { asError } from './prepared-message.ts'
import type { CheckedPublisherOptions } from './publisher-options.ts'
import type { HealthStatus, PublisherAdmin } from './publisher-types.ts'
import { publisherAdmin } from './topics.ts'

const healthOptions = optionSet(
  { timeoutMs: withDefault(milliseconds(0), 5_000) },
  { example: 'healthCheck({ timeoutMs: 5_000 })' },
)

/** Admin clients of a publisher. Each has its own connections, and none needs the publisher to be connected. */
export class ClusterAdmin {
  readonly #options: CheckedPublisherOptions
  readonly #runtime: Runtime
  #client: KafkaJsClient | undefined

  constructor(options: CheckedPublisherOptions, runtime: Runtime) {
    this.#options = options
    this.#runtime = runtime
  }

  /** A connected admin client. The caller closes it. */
  async open(): Promise<PublisherAdmin> {
    const kafkajs = await loadKafkaJs()
    this.#client ??= createClient(kafkajs, this.#options)
    return publisherAdmin(await connected('admin', this.#client.admin()))
  }

  /** Runs `work` with an admin client that is closed afterwards. A failure to close it does not change the outcome of `work`. */
  async use<T>(work: (admin: PublisherAdmin) => Promise<T>): Promise<T> {
    const admin = await this.open()
    try {
      return await work(admin)
    } finally {
      await admin.close().catch(() => undefined)
    }
  }

  /** Connects with the current credentials and lists the topics. Does not throw. */
  async health(options: unknown): Promise<HealthStatus> {
    const timestamp = this.#runtime.now()
    const began = this.#runtime.monotonic()
    const status = (ok: boolean) => ({ ok, latencyMs: this.#runtime.monotonic() - began, timestamp })
    try {
      const { timeoutMs } = healthOptions.read(options, { of: 'healthCheck' })
      const listed = this.#list()
      const limit = timeoutMs === 0 ? Number.POSITIVE_INFINITY : began + timeoutMs
      if (!(await inTime(listed, limit, this.#runtime))) throw new KafkaPublishError('health_check_timeout')
      return status(true)
    } catch (problem) {
      const error = asError(problem)
      annotate(error, classifyFailure(error))
      return { ...status(false), error }
    }
  }

  async #list(): Promise<true> {
    const admin = await this.open()
    try {
      await admin.listTopics()
      return true
    } finally {
      // Not waited for: the cluster has answered.
      void admin.close().catch(() => undefined)
    }
  }
}
