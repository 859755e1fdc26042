/** Two measurements beside each other, and a long one beside what a short one foretells. */
import { EXPORT_INTERVAL_S, each, HOUR_S, refreshesPerHour, spansOf, workSpansPerHour } from './fleet.ts'
import type { Measured } from './measure.ts'
import type { Measurements } from './page.ts'
import { BROKERS, type ProfileName, profileNames, profiles } from './profiles.ts'

/** Bytes differ a little with ids, times and how spans fall into requests. */
const TOLERANCE = 0.1

/** Sentences; none where both say the same of every profile: series exactly, bytes and spans within the tolerance. */
export function differences(before: Measurements, now: Measurements): string[] {
  return profileNames.flatMap((name) => [
    ...seriesDifferences(name, before.profiles[name], now.profiles[name]),
    ...numbersOf(name, now.profiles[name]).flatMap(([what, value], index) => {
      const known = numbersOf(name, before.profiles[name])[index]?.[1] ?? Number.NaN
      const near = Math.abs(value - known) <= TOLERANCE * known
      return near || value === known ? [] : [`${name}: ${what} is ${value}, was ${known}`]
    }),
  ])
}

function seriesDifferences(name: ProfileName, before: Measured, now: Measured): string[] {
  const metrics = new Set([...Object.keys(before.series), ...Object.keys(now.series)])
  return [...metrics]
    .filter((metric) => before.series[metric] !== now.series[metric])
    .map(
      (metric) =>
        `${name}: ${metric} has ${now.series[metric] ?? 0} series, had ${before.series[metric] ?? 0}`,
    )
}

function numbersOf(name: ProfileName, measured: Measured): [string, number][] {
  const { traces, metrics, seconds } = measured
  const perSpan = each(traces, spansOf(measured))
  const perExport = each(metrics, metrics.requests)
  // How often a refused producer comes again is chance, and so is what is sampled.
  const steady = name === 'denied' || name === 'head-sampled' || name === 'idle'
  return [
    ...(steady ? [] : ([['spans a second', spansOf(measured) / seconds]] satisfies [string, number][])),
    ...(name === 'head-sampled'
      ? []
      : ([
          ['bytes of a span, gzip', perSpan.wire],
          ['bytes of a span', perSpan.plain],
        ] satisfies [string, number][])),
    ['bytes of an export of metrics, gzip', perExport.wire],
    ['bytes of an export of metrics', perExport.plain],
  ]
}

export interface Foretold {
  readonly what: string
  readonly expected: number
  readonly actual: number
}

/** What the minute of one producer, and the cadence of refreshes and sessions, say of a longer watch. */
export function foretold(
  { profiles: { 'producer-1': minute, idle } }: Measurements,
  came: Measured,
  sessionSeconds: number,
): Foretold[] {
  const hours = came.seconds / HOUR_S
  const sends = workSpansPerHour(profiles['producer-1']) * hours
  const refreshes = refreshesPerHour * hours
  const authentications = (BROKERS * came.seconds) / (sessionSeconds - 10)
  const perSpan = each(minute.traces, spansOf(minute))
  const perUpkeepSpan = each(idle.traces, spansOf(idle))
  const perExport = each(minute.metrics, minute.metrics.requests)
  const traces = (which: 'wire' | 'plain') =>
    sends * perSpan[which] + (2 * refreshes + authentications) * perUpkeepSpan[which]
  const exports = came.seconds / EXPORT_INTERVAL_S
  const seen = (name: string) => came.spans[name]?.count ?? 0
  return [
    { what: 'sends', expected: sends, actual: seen('send orders') },
    { what: 'refreshes', expected: refreshes, actual: seen('msk_iam.token.refresh') },
    { what: 'authentications', expected: authentications, actual: seen('msk_iam.authenticate') },
    { what: 'exports of metrics', expected: exports, actual: came.metrics.requests },
    { what: 'bytes of traces, gzip', expected: traces('wire'), actual: came.traces.wire },
    { what: 'bytes of traces', expected: traces('plain'), actual: came.traces.plain },
    { what: 'bytes of metrics, gzip', expected: exports * perExport.wire, actual: came.metrics.wire },
    { what: 'bytes of metrics', expected: exports * perExport.plain, actual: came.metrics.plain },
  ]
}
