/** A panel's lines over a time, from any Prometheus. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Choices, interpolate } from '../dashboard/interpolate.ts'
import { targetsOf } from '../dashboard/queries.ts'

export interface Span {
  /** Epoch s. */
  readonly from: number
  readonly to: number
}

export interface Question {
  readonly url: string
  readonly span: Span
  readonly choices: Choices
}

export interface Line {
  readonly name: string
  /** At each step epoch ms and a value, null where there was none: a gap stays a gap. */
  readonly points: readonly (readonly [number, number | null])[]
}

const POINTS = 480

export async function linesOf(panel: Panel, question: Question): Promise<Line[]> {
  const lines = await Promise.all(
    targetsOf(panel).map(({ expr, legendFormat = '', interval = '1m' }) =>
      range(expr, legendFormat, seconds(interval), question),
    ),
  )
  return lines.flat()
}

export async function range(
  expr: string,
  legend: string,
  leastStepSeconds: number,
  { url, span, choices }: Question,
): Promise<Line[]> {
  const rangeSeconds = span.to - span.from
  const step = Math.max(leastStepSeconds, Math.ceil(rangeSeconds / POINTS))
  const start = Math.ceil(span.from / step) * step
  const query = interpolate(expr, choices, { rangeSeconds, stepSeconds: step, leastStepSeconds })
  const parameters = { query, start: `${start}`, end: `${span.to}`, step: `${step}` }
  const body = new URLSearchParams(parameters)
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body }).catch(
    (cause: Error) => {
      throw new Error(`No answer from ${url}`, { cause: cause.cause ?? cause })
    },
  )
  const answer = (await response.json()) as {
    error?: string
    data?: { result: { metric: Record<string, string>; values: [number, string][] }[] }
  }
  if (answer.data === undefined) throw new Error(`Prometheus refused ${query}: ${answer.error}`)
  return answer.data.result.map(({ metric, values }) => {
    const known = new Map(values.map(([time, value]) => [time, finite(Number(value))]))
    const times = Array.from(
      { length: Math.floor((span.to - start) / step) + 1 },
      (_, at) => start + at * step,
    )
    return {
      name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim(),
      points: times.map((time) => [time * 1000, known.get(time) ?? null] as const),
    }
  })
}

const finite = (value: number) => (Number.isFinite(value) ? value : null)

function seconds(duration: string): number {
  const [, amount, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? []
  const factor = { s: 1, m: 60, h: 3600 }[unit]
  if (factor === undefined) throw new Error(`No duration: ${duration}`)
  return Number(amount) * factor
}

/** From where to where a line of states has this value, epoch ms. */
export function intervalsOf({ points }: Line, value: number): [from: number, to: number][] {
  const intervals: [number, number][] = []
  const [first, second] = points
  const step = first && second ? second[0] - first[0] : 0
  let from: number | undefined
  for (const [time, current] of points) {
    if (current === value) from ??= time
    else if (from !== undefined) {
      intervals.push([from, time])
      from = undefined
    }
  }
  if (from !== undefined) intervals.push([from, (points.at(-1)?.[0] ?? from) + step])
  return intervals
}
