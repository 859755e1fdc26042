import { prometheusUrl } from './places.ts'
import { type Patience, until } from './until.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Epoch s; of an instant query of a plain series, the query's time. */
  readonly time: number
}

/** An instant query. */
export async function prometheus(query: string): Promise<Sample[]> {
  const response = await fetch(`${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`)
  const answer = (await response.json()) as {
    status: string
    error?: string
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  if (answer.status !== 'success') throw new Error(`Prometheus refused ${query}: ${answer.error}`)
  return (answer.data?.result ?? []).map(({ metric, value: [time, value] }) => ({
    labels: metric,
    value: Number(value),
    time,
  }))
}

/** The one value of a query that gives one; undefined where there is none yet. */
export async function singleValue(query: string): Promise<number | undefined> {
  const samples = await prometheus(query)
  if (samples.length > 1) throw new Error(`${query} gives ${samples.length} series, not one`)
  return samples[0]?.value
}

/**
 * The last value of a counter of a process that has ended: that of two scrapes after its end which agree. Between them
 * lies a scrape interval, ten times as long as the collector holds anything back.
 */
export async function lastValueOf(series: string, endedAt: number, patience: Patience = {}): Promise<number> {
  const scraped = async () => {
    const [value, time] = await Promise.all([singleValue(series), singleValue(`timestamp(${series})`)])
    return value === undefined || time === undefined ? undefined : { value, time }
  }
  let earlier: { value: number; time: number } | undefined
  return until(
    `two scrapes of ${series} that agree`,
    async () => {
      const current = await scraped()
      if (current === undefined || current.time * 1000 <= endedAt) return undefined
      if (earlier !== undefined && current.time > earlier.time && current.value === earlier.value)
        return { value: current.value }
      if (earlier === undefined || current.time > earlier.time) earlier = current
      return undefined
    },
    patience,
  ).then(({ value }) => value)
}
