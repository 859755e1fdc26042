import { setTimeout as sleep } from 'node:timers/promises'
import { classifyFailure } from 'kafka-iam-otel'
import type { Sandbox } from 'kafka-iam-otel/testing'
import type { Producer } from 'kafkajs'

export interface Tally {
  readonly topic: string
  /** Sends that resolved. */
  readonly published: number
  /** Of the published, how many are in the topic exactly once. */
  readonly once: number
  readonly failed: number
  /** The code of the first failure. */
  readonly failure?: string
}

/** A service that publishes one message after the other, four a second, until it is told to stop. */
export class Publishing {
  readonly #producer: Producer
  readonly #topic: string
  readonly #stop = new AbortController()
  readonly #published: string[] = []
  readonly #failures: string[] = []
  readonly #done: Promise<void>

  constructor(producer: Producer, topic: string) {
    this.#producer = producer
    this.#topic = topic
    this.#done = this.#run()
  }

  /** Finishes the send under way, and counts. */
  async stop(sandbox: Sandbox): Promise<Tally> {
    this.#stop.abort()
    await this.#done
    const arrived = new Map<string, number>()
    for (const { key } of sandbox.messages(this.#topic)) {
      const id = key?.toString() ?? ''
      arrived.set(id, (arrived.get(id) ?? 0) + 1)
    }
    return {
      topic: this.#topic,
      published: this.#published.length,
      once: this.#published.filter((id) => arrived.get(id) === 1).length,
      failed: this.#failures.length,
      ...(this.#failures[0] === undefined ? {} : { failure: this.#failures[0] }),
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let number = 1; !signal.aborted; number += 1) {
      const key = `${this.#topic}-${number}`
      try {
        await this.#producer.send({ topic: this.#topic, messages: [{ key, value: 'tea' }] })
        this.#published.push(key)
      } catch (error) {
        this.#failures.push(classifyFailure(error).code)
      }
      await sleep(250, undefined, { signal }).catch(() => undefined)
    }
  }
}
