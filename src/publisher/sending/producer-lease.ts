import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'
import { guarded } from '../../telemetry/guard.ts'

/** A kafkajs producer that a send is using. */
export interface LeasedProducer {
  readonly producer: KafkaJsProducer
  /** The topics that it was ever used for: kafkajs always requests the metadata of all of them. */
  readonly topics: ReadonlySet<string>
}

interface TrackedProducer extends LeasedProducer {
  readonly topics: Set<string>
  /** Its ordinal among the producers of this publisher. */
  readonly generation: number
  users: number
  retired: boolean
}

/**
 * Leases the current kafkajs producer, which all sends share. One whose sequence numbers cannot be trusted any more is
 * retired: the sends that are using it finish, and later ones get another producer. (kafkajs 2.2.4 gives the sequence
 * numbers of a batch that failed to the next one, which the broker then takes for a repetition, and drops.)
 *
 *     acquire ──> connecting ──────> current ── retire ──> retired ── its last user releases it ──> disconnecting
 *                   │    │            ^   │                   ^
 *                   │    │            └───┘ acquire, release  │
 *                   │    └── given up, and connected later ───┘
 *                   └── failed: the next acquire connects another one
 */
export class ProducerLeases {
  readonly #connectProducer: () => Promise<KafkaJsProducer>
  readonly #disconnecting = new Set<Promise<void>>()
  /** Topic or partition → until when, monotonic ms. */
  readonly #failing = new Map<string, number>()
  #current: Promise<TrackedProducer> | undefined
  /** That of the current producer, or of the one that is connecting. */
  #generation = 0
  #connecting = false
  #closed = false

  /** `connectProducer` creates a producer and connects it. */
  constructor(connectProducer: () => Promise<KafkaJsProducer>) {
    this.#connectProducer = connectProducer
  }

  /** The current producer, connected; give it back with `release`. @throws what connecting failed with */
  async acquire(topic?: string): Promise<LeasedProducer> {
    if (this.#closed) throw new KafkaPublishError('publisher_not_connected')
    this.#current ??= this.#connect()
    const tracked = await this.#current
    // It was retired while we waited for it.
    if (tracked.retired) return this.acquire(topic)
    tracked.users += 1
    if (topic !== undefined) tracked.topics.add(topic)
    return tracked
  }

  release(leased: LeasedProducer): void {
    const tracked = leased as TrackedProducer
    tracked.users -= 1
    this.#disconnectIfUnused(tracked)
  }

  retire(leased: LeasedProducer): void {
    const tracked = leased as TrackedProducer
    if (tracked.retired) return
    tracked.retired = true
    if (tracked.generation === this.#generation) this.#current = undefined
    this.#disconnectIfUnused(tracked)
  }

  /** This topic or partition fails with every producer. Until then, its failures are no reason to replace one. */
  markFailing(target: string, until: number): void {
    this.#failing.set(target, until)
  }

  isFailing(target: string, now: number): boolean {
    const until = this.#failing.get(target)
    if (until !== undefined && until <= now) this.#failing.delete(target)
    return until !== undefined && until > now
  }

  /** Later sends do not wait for the producer that is connecting now, if there is one. */
  giveUpConnecting(): void {
    if (!this.#connecting) return
    this.#connecting = false
    this.#current?.then(
      (late) => this.retire(late),
      () => undefined,
    )
    this.#current = undefined
  }

  /** Disconnects all producers. Every user of the current one has to release it. */
  async close(): Promise<void> {
    this.#closed = true
    const tracked = await this.#current?.catch(() => undefined)
    if (tracked) this.retire(tracked)
    await Promise.all(this.#disconnecting)
  }

  async #connect(): Promise<TrackedProducer> {
    this.#generation += 1
    const generation = this.#generation
    this.#connecting = true
    try {
      const producer = await this.#connectProducer()
      return { producer, topics: new Set(), generation, users: 0, retired: false }
    } catch (error) {
      // The next send tries again.
      if (generation === this.#generation) this.#current = undefined
      throw error
    } finally {
      if (generation === this.#generation) this.#connecting = false
    }
  }

  #disconnectIfUnused(tracked: TrackedProducer): void {
    if (!tracked.retired || tracked.users > 0) return
    const disconnected = guarded(
      'disconnecting a producer',
      () => tracked.producer.disconnect(),
      Promise.resolve(),
    )
      .catch(() => undefined)
      .finally(() => this.#disconnecting.delete(disconnected))
    this.#disconnecting.add(disconnected)
  }
}
