import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'

/** The producer of the transactions. It is replaced after a transaction that went wrong. */
export class TransactionalProducer {
  readonly #connectProducer: () => Promise<KafkaJsProducer>
  #producer: Promise<KafkaJsProducer> | undefined

  /** `connectProducer` creates a transactional producer and connects it. */
  constructor(connectProducer: () => Promise<KafkaJsProducer>) {
    this.#connectProducer = connectProducer
  }

  connected(): Promise<KafkaJsProducer> {
    this.#producer ??= this.#connectAndFence().catch((error) => {
      this.#producer = undefined
      throw error
    })
    return this.#producer
  }

  /** The next transaction gets another producer. Disconnecting runs in the background: kafkajs waits for requests without an answer. */
  discard(): void {
    void this.close()
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined)
  }

  /** kafkajs registers the transactional id when its first transaction begins. An empty transaction exists in this client only. */
  async #connectAndFence(): Promise<KafkaJsProducer> {
    const producer = await this.#connectProducer()
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
