import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'

/** The producer of transactions: one at a time, replaced whenever one of them went wrong. */
export class TransactionalProducer {
  readonly #make: () => Promise<KafkaJsProducer>
  #producer: Promise<KafkaJsProducer> | undefined

  /** `make` gives a transactional producer that is connected. */
  constructor(make: () => Promise<KafkaJsProducer>) {
    this.#make = make
  }

  connected(): Promise<KafkaJsProducer> {
    this.#producer ??= this.#takenOver().catch((error) => {
      this.#producer = undefined
      throw error
    })
    return this.#producer
  }

  /** The next transaction gets another one. Not waited for: kafkajs waits for requests that nobody answers. */
  discard(): void {
    void this.close()
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((held) => held.disconnect()).catch(() => undefined)
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
}
