import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'
import { guarded } from '../../telemetry/guard.ts'

/** A kafkajs producer that somebody is sending with. */
export interface Seated {
  readonly producer: KafkaJsProducer
  /** The topics that it was ever used for: kafkajs asks for the metadata of all of them, always. */
  readonly topics: ReadonlySet<string>
}

interface Held extends Seated {
  readonly topics: Set<string>
  /** The how manieth it is. */
  readonly term: number
  users: number
  retired: boolean
}

/**
 * The kafkajs producer that is in office. One whose sequence numbers cannot be trusted any more is retired: whoever is
 * sending with it finishes, and the others get a new one. (kafkajs 2.2.4 gives the numbers of a batch that failed to the
 * next one, which the broker then takes for a repetition, and drops.)
 */
export class ProducerSeat {
  readonly #make: () => Promise<KafkaJsProducer>
  readonly #leaving = new Set<Promise<void>>()
  /** Topic or partition → until when, monotonic ms. */
  readonly #blamed = new Map<string, number>()
  #current: Promise<Held> | undefined
  /** Of the one in office, or of the one that is connecting. */
  #term = 0
  #connecting = false
  #closed = false

  /** `make` gives a producer that is connected. */
  constructor(make: () => Promise<KafkaJsProducer>) {
    this.#make = make
  }

  /** The producer in office, connected; give it back with `release`. @throws what connecting failed with */
  async take(topic?: string): Promise<Seated> {
    if (this.#closed) throw new KafkaPublishError('publisher_not_connected')
    this.#current ??= this.#seat()
    const held = await this.#current
    // It was retired while we waited for it.
    if (held.retired) return this.take(topic)
    held.users += 1
    if (topic !== undefined) held.topics.add(topic)
    return held
  }

  release(seated: Seated): void {
    const held = seated as Held
    held.users -= 1
    this.#leaveIfDone(held)
  }

  retire(seated: Seated): void {
    const held = seated as Held
    if (held.retired) return
    held.retired = true
    if (held.term === this.#term) this.#current = undefined
    this.#leaveIfDone(held)
  }

  /** This topic or partition fails with any producer; that is no reason for another one until then. */
  blame(about: string, until: number): void {
    this.#blamed.set(about, until)
  }

  isToBlame(about: string, now: number): boolean {
    const until = this.#blamed.get(about)
    if (until !== undefined && until <= now) this.#blamed.delete(about)
    return until !== undefined && until > now
  }

  /** Whoever comes next does not wait for the one that is connecting now, if there is one. */
  giveUpConnecting(): void {
    if (!this.#connecting) return
    this.#connecting = false
    this.#current?.then(
      (late) => this.retire(late),
      () => undefined,
    )
    this.#current = undefined
  }

  /** Disconnects them all. The one in office has to be released by everybody. */
  async close(): Promise<void> {
    this.#closed = true
    const held = await this.#current?.catch(() => undefined)
    if (held) this.retire(held)
    await Promise.all(this.#leaving)
  }

  async #seat(): Promise<Held> {
    this.#term += 1
    const term = this.#term
    this.#connecting = true
    try {
      return { producer: await this.#make(), topics: new Set(), term, users: 0, retired: false }
    } catch (error) {
      // The next one who asks tries again.
      if (term === this.#term) this.#current = undefined
      throw error
    } finally {
      if (term === this.#term) this.#connecting = false
    }
  }

  #leaveIfDone(held: Held): void {
    if (!held.retired || held.users > 0) return
    const left = guarded('disconnecting a producer', () => held.producer.disconnect(), Promise.resolve())
      .catch(() => undefined)
      .finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }
}
