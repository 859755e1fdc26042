/**
 * The sandbox serves no transactions: the kafkajs producer is real, and what its transaction sends goes out as its own;
 * begin and end are made up.
 */
import type { Kafka, Producer, ProducerConfig, Transaction } from 'kafkajs'

/** What the transactions do otherwise, and what became of them. */
export const transactions = {
  over: {} as Partial<Transaction>,
  ends: [] as string[],
  producers: 0,
}

/** For `vi.mock('kafkajs', …)`. */
export async function withMadeUpTransactions(original: () => Promise<unknown>): Promise<object> {
  const kafkajs = (await original()) as { default: { Kafka: typeof Kafka } }
  class Transactional extends kafkajs.default.Kafka {
    override producer(config: ProducerConfig = {}): Producer {
      const producer = super.producer(config)
      if (config.transactionalId === undefined) return producer
      transactions.producers += 1
      const { send, sendBatch } = producer
      const transaction = async (): Promise<Transaction> => ({
        ...{ send, sendBatch, sendOffsets: async () => undefined, isActive: () => true },
        commit: async () => void transactions.ends.push('commit'),
        abort: async () => void transactions.ends.push('abort'),
        ...transactions.over,
      })
      return { ...producer, transaction }
    }
  }
  return { ...kafkajs, default: { ...kafkajs.default, Kafka: Transactional } }
}
