import { guarded } from '../telemetry/guard.ts'
import type { KafkaJsProducer } from './kafkajs.ts'

/** A kafkajs producer that somebody is sending with. */
export interface Seated {
  readonly producer: KafkaJsProducer
  /** The topics that it was ever used for: kafkajs asks for the metadata of all of them, always. */
  readonly topics: ReadonlySet<string>
}

interface Held extends Seated {
  readonly topics: Set<string>
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
  #current: Promise<Held> | undefined

  /** `make` gives a producer that is connected. */
  constructor(make: () => Promise<KafkaJsProducer>) {
    this.#make = make
  }

  /** The producer in office, connected; give it back with `release`. @throws what connecting failed with */
  async take(topic?: string): Promise<Seated> {
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
    this.#current = undefined
    this.#leaveIfDone(held)
  }

  /** Disconnects them all. The one in office has to be released by everybody. */
  async close(): Promise<void> {
    const held = await this.#current?.catch(() => undefined)
    if (held) this.retire(held)
    await Promise.all(this.#leaving)
  }

  async #seat(): Promise<Held> {
    try {
      return { producer: await this.#make(), topics: new Set(), users: 0, retired: false }
    } catch (error) {
      // The next one who asks tries again.
      this.#current = undefined
      throw error
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
