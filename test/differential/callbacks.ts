import { AsyncLocalStorage } from 'node:async_hooks'
import { Partitioners } from 'kafkajs'
import type { Described, Describer } from './describe.ts'
import type { Builder } from './values.ts'

/** The caller's own: which step it is in. */
export const caller = new AsyncLocalStorage<string>()

interface PartitionerArgs {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly message: object
}

const ODD_PARTITIONS: Readonly<Record<string, () => unknown>> = {
  first: () => 0,
  last: () => 2,
  undefined: () => undefined,
  text: () => '1',
  word: () => 'first',
  promise: () => Promise.resolve(0),
  null: () => null,
  NaN: () => Number.NaN,
  negative: () => -1,
  fraction: () => 0.5,
  huge: () => 1e9,
  object: () => ({ partition: 0 }),
  throws: () => {
    throw new Error('the partitioner is broken')
  },
}
export const PARTITIONERS = [...Object.keys(ODD_PARTITIONS), 'legacy', 'java', 'default', 'by key']

/** The caller's functions of one run, and what they saw. */
export class CallersFunctions implements Builder {
  readonly calls: Described[] = []
  readonly #describer: Describer
  readonly #made = new WeakSet<object>()
  readonly #waiting = new Map<string, { readonly calls: number; readonly resolve: () => void }>()
  readonly #counts = new Map<string, number>()

  constructor(describer: Describer) {
    this.#describer = describer
  }

  made(object: object): void {
    this.#made.add(object)
  }

  record(name: string, seen: unknown): void {
    this.calls.push({ name, caller: caller.getStore() ?? 'nobody', seen: this.#describer.value(seen) })
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    const waiting = this.#waiting.get(name)
    if (waiting && count >= waiting.calls) waiting.resolve()
  }

  /** Resolves when a callback has been called so often. */
  until(name: string, calls: number): Promise<void> {
    if ((this.#counts.get(name) ?? 0) >= calls) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.set(name, { calls, resolve }))
  }

  callback(name: string, does: string): unknown {
    if (name === 'partitioner') return this.#partitioner(does)
    return (seen: unknown) => {
      for (const one of messagesIn(seen)) this.record(name, one)
      if (does === 'throws') throw new Error(`the ${name} is broken`)
      if (does === 'rejects') return Promise.reject(new Error(`the ${name} is broken`))
      return does === 'returns a value' ? 'a value' : undefined
    }
  }

  #partitioner(does: string): unknown {
    if (does === 'legacy') return Partitioners.LegacyPartitioner
    if (does === 'java') return Partitioners.JavaCompatiblePartitioner
    if (does === 'default') return Partitioners.DefaultPartitioner
    return () => (args: PartitionerArgs) => {
      const { topic, partitionMetadata, message } = args
      const own = this.#made.has(message)
      this.record('partitioner', { topic, partitions: partitionMetadata.length, message, own })
      if (does !== 'by key') return ODD_PARTITIONS[does]?.()
      const { key } = message as { key?: { length: number } | null }
      return (key?.length ?? 0) % partitionMetadata.length
    }
  }
}

/** Of what handlers are given, what is data. How Kafka cuts messages into batches is a matter of time. */
function messagesIn(seen: unknown): readonly unknown[] {
  const { batch, message, topic, partition } = (seen ?? {}) as Record<string, unknown>
  if (!batch) return [message ? { topic, partition, message } : seen]
  const { topic: of, partition: number, messages } = batch as Record<string, unknown>
  return (messages as unknown[]).map((one) => ({ topic: of, partition: number, message: one }))
}
