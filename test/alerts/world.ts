/**
 * Processes, their SDKs that export once a minute, a collector that shows what it was last sent, and a Prometheus that
 * scrapes it every 30 s. What Prometheus gets is the input of promtool.
 */
import type { ProcessOptions } from './conditions.ts'
import { Process } from './process.ts'

export const STEP = 30
const EXPORT_INTERVAL = 60
/** `metric_expiration` of the collector's prometheus exporter. */
const EXPIRATION = 300

type Sample = number | 'missing' | 'stale'
export type Fleet = Omit<ProcessOptions, 'instance' | 'chance' | 'bornAt'> & {
  readonly processes: number
  /** Of every process; default: spread evenly from 0 to 1, and 0.9 of a single one. */
  readonly chance?: number
}

/** For the names of tests. */
export const size = (processes: number) => (processes === 1 ? '1 process' : `${processes} processes`)

/** What happens to every process of a service. */
export const each =
  (change: (process: Process, world: World) => void, service = 'orders') =>
  (world: World) => {
    for (const process of world.of(service)) change(process, world)
  }

export class World {
  readonly processes: Process[] = []
  /** Seconds since the beginning. */
  now = 0
  readonly #samples = new Map<string, Sample[]>()
  /** What the collector shows, and since when it knows it. */
  readonly #shown = new Map<string, { value: number; at: number }>()
  readonly #dropped = new Map<string, number>()
  #lostScrapes = 0
  #names = 0

  start({ processes, chance, ...options }: Fleet): Process[] {
    const started = Array.from({ length: processes }, (_, index) => {
      this.#names += 1
      const instance = `${options.service}-${this.#names}`
      return new Process({
        ...options,
        instance,
        chance: chance ?? (processes === 1 ? 0.9 : index / (processes - 1)),
        bornAt: this.now,
      })
    })
    for (const process of started) process.live(this.now)
    this.processes.push(...started)
    return started
  }

  /** As a service that is told to stop: it closes its providers and exports a last time. */
  stop(stopped: readonly Process[]): void {
    for (const process of stopped) {
      process.closed = true
      this.export(process)
    }
    this.kill(stopped)
  }

  /** Without a last word. */
  kill(killed: readonly Process[]): void {
    for (const process of killed) this.processes.splice(this.processes.indexOf(process), 1)
  }

  /** All processes of a service are replaced. */
  deploy(fleet: Fleet): void {
    const old = this.of(fleet.service)
    this.start(fleet)
    this.stop(old)
  }

  loseScrapes(count: number): void {
    this.#lostScrapes = count
  }

  /** The collector gives up sending some of what it got; counters begin with their first failure. */
  dropTelemetry(count: number, what = 'spans', how: 'send' | 'enqueue' = 'send'): void {
    const series = `otelcol_exporter_${how}_failed_${what}{job="otelcol",exporter="otlp_grpc/jaeger"}`
    this.#dropped.set(series, (this.#dropped.get(series) ?? 0) + count)
  }

  of(service: string): Process[] {
    return this.processes.filter(({ options }) => options.service === service)
  }

  /** Lets everything run up to this moment, before anything happens in it. */
  live(): void {
    for (const process of this.processes) process.live(this.now)
  }

  /** Exports, a scrape, and on to the next moment. */
  step(): void {
    for (const [index, process] of this.processes.entries()) {
      if ((this.now + (index % 2) * STEP) % EXPORT_INTERVAL === 0) this.export(process)
    }
    this.#scrape()
    this.now += STEP
  }

  /** In promtool's notation. */
  inputSeries(): { series: string; values: string }[] {
    return [...this.#samples].map(([series, samples]) => ({ series, values: notation(samples) }))
  }

  /** Its SDK sends what it has. */
  export(process: Process): void {
    for (const [series, value] of process.series()) this.#shown.set(series, { value, at: this.now })
  }

  #scrape(): void {
    const index = this.now / STEP
    const lost = this.#lostScrapes > 0
    if (lost) this.#lostScrapes -= 1
    this.#sample(index, 'up{job="otelcol",instance="collector:8888"}', lost ? 0 : 1)
    this.#sample(index, 'up{job="collector",instance="collector:8889"}', lost ? 0 : 1)
    for (const [series, count] of this.#dropped) this.#sample(index, series, lost ? 'stale' : count)
    for (const [series, { value, at }] of this.#shown) {
      const expired = this.now - at > EXPIRATION
      this.#sample(index, series, lost || expired ? 'stale' : value)
      if (expired) this.#shown.delete(series)
    }
  }

  #sample(index: number, series: string, sample: Sample): void {
    const samples = this.#samples.get(series) ?? []
    this.#samples.set(series, samples)
    while (samples.length < index) samples.push('missing')
    samples.push(sample)
  }
}

/** `1 2 3 3 3` is `1+1x2 3x1`. */
function notation(samples: readonly Sample[]): string {
  const parts: string[] = []
  for (let at = 0; at < samples.length; ) {
    const [first, second] = [samples[at], samples[at + 1]]
    let end = at + 1
    if (typeof first === 'number' && typeof second === 'number') {
      const by = second - first
      while (end < samples.length && samples[end] === first + by * (end - at)) end += 1
      parts.push(`${first}${by < 0 ? '-' : '+'}${Math.abs(by)}x${end - at - 1}`)
    } else {
      while (end < samples.length && samples[end] === first) end += 1
      if (first === 'missing') parts.push(`_x${end - at}`)
      else parts.push(...Array.from({ length: end - at }, () => String(first)))
    }
    at = end
  }
  return parts.join(' ')
}
