import type { Attributes } from '@opentelemetry/api'
import { instruments, whenCollected } from '../telemetry/instruments.ts'
import { Attribute, Metric } from '../telemetry/names.ts'

/** Of one partition: the offset that the next message to come will get, and that of the next one to be handled. */
interface Progress {
  end: number
  next: number
}

/**
 * How many messages a consumer has still to handle, as its last fetch of each partition has shown. kafkajs does not
 * fetch a partition that is paused or whose batch is being handled: until it does, what came since is not known.
 */
export class MessagesBehind {
  readonly #byPartition: boolean
  readonly #topics = new Map<string, Map<number, Progress>>()
  #assignment: Readonly<Record<string, readonly number[]>> | undefined
  #group: string | undefined

  constructor(byPartition: boolean) {
    this.#byPartition = byPartition
  }

  /** Partitions that went to another member are that member's to tell. */
  assigned(
    group: string | undefined,
    assignment: Readonly<Record<string, readonly number[]>> | undefined,
  ): void {
    this.#group = group
    this.#assignment = assignment
    for (const [topic, partitions] of this.#topics) {
      for (const partition of partitions.keys()) {
        if (!this.#isAssigned(topic, partition)) partitions.delete(partition)
      }
    }
    running.add(this)
  }

  fetched({ topic, partition, highWatermark, firstOffset }: Fetched): void {
    if (topic === undefined || partition === undefined || !this.#isAssigned(topic, partition)) return
    const [end, next] = [Number(highWatermark), Number(firstOffset ?? highWatermark)]
    if (!Number.isSafeInteger(end) || !Number.isSafeInteger(next)) return
    const partitions = this.#topics.get(topic) ?? new Map<number, Progress>()
    this.#topics.set(topic, partitions.set(partition, { end, next }))
    running.add(this)
    // A look at the global meter provider, so that an SDK that starts after us is found.
    behindInstruments()
  }

  /** Handled, up to and with this offset. */
  moved(topic: string | undefined, partition: number | undefined, offset: string | undefined): void {
    const progress = this.#topics.get(topic as string)?.get(partition as number)
    const next = Number(offset) + 1
    if (progress && next > progress.next) progress.next = next
  }

  ended(): void {
    this.#topics.clear()
    running.delete(this)
  }

  /** Adds what it is behind, for each topic or partition. */
  addTo(add: (series: Series, behind: number) => void): void {
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, { end, next }] of partitions) {
        const series = [this.#group, topic, this.#byPartition ? partition : undefined] as const
        add(series, Math.max(0, end - next))
      }
    }
  }

  #isAssigned(topic: string, partition: number): boolean {
    return this.#assignment === undefined || (this.#assignment[topic]?.includes(partition) ?? false)
  }
}

interface Fetched {
  readonly topic?: string
  readonly partition?: number
  readonly highWatermark?: string
  readonly firstOffset?: string | null
}

type Series = readonly [group: string | undefined, topic: string, partition: number | undefined]

/** The consumers that run. */
const running = new Set<MessagesBehind>()

/**
 * Every series that was ever told. The SDK exports the last value of one that is no longer observed for ever: a
 * consumer that has ended, or has lost a partition, is 0 behind with it.
 */
const told = new Map<string, { readonly attributes: Attributes; value: number }>()

const behindInstruments = instruments((meter) => {
  const gauge = meter.createObservableGauge(Metric.MessagesBehind, {
    unit: '{message}',
    description: 'Messages that a consumer has still to handle, by its last fetch of each partition',
  })
  whenCollected(meter, [gauge], (observe) => {
    addUp()
    for (const { attributes, value } of told.values()) observe(gauge, value, attributes)
  })
})

/** Consumers of one group in one process share their series, and of equal ones the last would win. */
function addUp(): void {
  for (const sum of told.values()) sum.value = 0
  for (const behind of running) {
    behind.addTo((series, value) => {
      const key = JSON.stringify(series)
      const sum = told.get(key) ?? { attributes: attributesOf(series), value: 0 }
      sum.value += value
      told.set(key, sum)
    })
  }
}

const attributesOf = ([group, topic, partition]: Series): Attributes =>
  Object.freeze({
    [Attribute.MessagingDestination]: topic,
    ...(group === undefined ? {} : { [Attribute.MessagingConsumerGroup]: group }),
    ...(partition === undefined ? {} : { [Attribute.MessagingPartition]: String(partition) }),
  })
