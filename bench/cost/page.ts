/** The tables of docs/cost.md, out of bench/cost/measured.json. */
import { readFileSync } from 'node:fs'
import { type Bytes, costOf, DAY_S, EXPORT_INTERVAL_S, HOUR_S, seriesOf, spansOf, sum } from './fleet.ts'
import type { Measured } from './measure.ts'
import { type ProfileName, profileNames, profiles } from './profiles.ts'
import { bytes, count, table } from './words.ts'

export interface Measurements {
  readonly profiles: Readonly<Record<ProfileName, Measured>>
}

const at = (file: string) => new URL(file, import.meta.url)
export const PAGE = at('../../docs/cost.md')
export const MEASUREMENTS = at('measured.json')
export const measurements = (): Measurements => JSON.parse(readFileSync(MEASUREMENTS, 'utf8'))

/** Of all traces without a failure. */
const KEPT = 0.1
/** docs/cost.md says where these come from. */
const DISK_PER_SAMPLE: readonly [number, number] = [1, 2]
const MEMORY_PER_SERIES = 3_000
const FLEETS = [1, 100, 10_000]

const costs = (all: Measurements, name: ProfileName) =>
  costOf(profiles[name], all.profiles[name], all.profiles.idle)

function processes(all: Measurements): string {
  const healthy = profileNames.filter((name) => !['idle', 'denied', 'plain'].includes(name))
  const rows = healthy.map((name) => {
    const { series, upkeepSpansPerHour, workSpansPerHour, tracesPerDay, metricsPerDay } = costs(all, name)
    const traces = `${bytes(tracesPerDay.wire)} / ${bytes(tracesPerDay.plain)}`
    const metrics = `${bytes(metricsPerDay.wire)} / ${bytes(metricsPerDay.plain)}`
    return [
      profiles[name].title,
      count(series),
      count(upkeepSpansPerHour + workSpansPerHour),
      traces,
      metrics,
    ]
  })
  return table(['one process', 'series', 'spans an hour', 'traces a day', 'metrics a day'], rows)
}

function fleet(all: Measurements, name: ProfileName): string {
  const cost = costs(all, name)
  const spansPerHour = cost.upkeepSpansPerHour + cost.workSpansPerHour
  const samplesPerDay = (cost.series * DAY_S) / EXPORT_INTERVAL_S
  const row = (title: string, say: (amount: number) => string, amount: number) => [
    title,
    ...FLEETS.map((processes) => say(processes * amount)),
  ]
  const [least, most] = DISK_PER_SAMPLE
  return table(
    [profiles[name].title, ...FLEETS.map((processes) => count(processes))],
    [
      row('active series', count, cost.series),
      row('series after three restarts in 3 h', count, 4 * cost.series),
      row('samples a day', count, samplesPerDay),
      row('spans an hour, of tokens and authentications', count, cost.upkeepSpansPerHour),
      row('spans an hour, all', count, spansPerHour),
      row('spans a day', count, 24 * spansPerHour),
      row('spans a day, kept by tail sampling', count, KEPT * 24 * spansPerHour),
      row('OTLP requests a second', count, cost.requestsPerSecond),
      row('traces a day, gzip', bytes, cost.tracesPerDay.wire),
      row('traces a day, uncompressed', bytes, cost.tracesPerDay.plain),
      row('metrics a day, gzip', bytes, cost.metricsPerDay.wire),
      row('metrics a day, uncompressed', bytes, cost.metricsPerDay.plain),
      [
        'Prometheus, disk a day',
        ...FLEETS.map((n) => `${bytes(n * least * samplesPerDay)} to ${bytes(n * most * samplesPerDay)}`),
      ],
      row('Prometheus, memory', bytes, cost.series * MEMORY_PER_SERIES),
    ],
  )
}

function series({ profiles: { both, 'producer-1': producer, consumer, denied } }: Measurements): string {
  const metrics = [...new Set([both, denied].flatMap((one) => Object.keys(one.series)))].sort()
  const cell = (one: Measured, metric: string) => count(one.series[metric] ?? 0)
  const columns = [producer, consumer, both, denied]
  const rows = metrics.map((metric) => [`\`${metric}\``, ...columns.map((one) => cell(one, metric))])
  return table(
    ['metric', 'producer', 'consumer', 'both', 'producer, denied'],
    [...rows, ['all', ...columns.map((one) => count(seriesOf(one)))]],
  )
}

function spans({ profiles: all }: Measurements): string {
  const rows: [string, Measured, string][] = [
    ['a refresh', all.idle, 'msk_iam.token.refresh'],
    ['its attempt', all.idle, 'msk_iam.token.sign'],
    ['one message', all['producer-1'], 'send orders'],
    ['a batch of 100', all.batches, 'send orders'],
    ['a batch of 100, with 100 links', all['per-message'], 'send orders'],
    ['a message of it', all['per-message'], 'create orders'],
    ['a message handled', all.consumer, 'process orders'],
    ['a refusal', all.denied, 'msk_iam.authenticate'],
    ['one message, refused', all.denied, 'send orders'],
  ]
  const size = ({ spans }: Measured, name: string) => {
    const { count = 0, bytes = 0 } = spans[name] ?? {}
    return bytes / count
  }
  const inSpans = sum(Object.values(all['producer-1'].spans).map(({ bytes }) => bytes))
  const { plain, requests } = all['producer-1'].traces
  return table(
    ['span', 'of', 'bytes'],
    [
      ...rows.map(([what, measured, name]) => [
        `\`${name.replace(/ orders$/, ' {topic}')}\``,
        what,
        bytes(size(measured, name)),
      ]),
      ['a request', 'headers, resource and scope', bytes((plain - inSpans) / requests)],
    ],
  )
}

function deniedHour(all: Measurements): string {
  const { denied } = all.profiles
  const healthy = costs(all, 'producer-1')
  const hourly = (amount: number) => (amount * HOUR_S) / denied.seconds
  const spans = healthy.upkeepSpansPerHour + healthy.workSpansPerHour
  const deniedSpans = hourly(spansOf(denied))
  const traffic = (which: keyof Bytes) => [
    bytes(healthy.tracesPerDay[which] / 24),
    bytes(hourly(denied.traces[which] + denied.logs[which])),
  ]
  return table(
    ['an hour of one producer, 1 message/s', 'healthy', 'refused'],
    [
      ['spans', count(spans), count(deniedSpans)],
      ['spans kept by tail sampling', count(KEPT * spans), count(deniedSpans)],
      ['log records', '0', count(hourly(denied.logRecords))],
      ['traces and logs, gzip', ...traffic('wire')],
      ['traces and logs, uncompressed', ...traffic('plain')],
      ['series', count(healthy.series), count(seriesOf(denied))],
    ],
  )
}

/** The page with its tables made anew; each stands between `<!-- cost: name -->` and `<!-- /cost -->`. */
export function withTables(page: string, all: Measurements): string {
  const tables: Record<string, string> = {
    processes: processes(all),
    'one message a second': fleet(all, 'producer-1'),
    'ten messages a second': fleet(all, 'both'),
    series: series(all),
    spans: spans(all),
    denied: deniedHour(all),
  }
  return page.replaceAll(/(<!-- cost: ([a-z ]+) -->\n).*?(<!-- \/cost -->)/gs, (_, begin, name, end) => {
    const made = tables[name]
    if (made === undefined) throw new Error(`docs/cost.md asks for a table "${name}" that nobody makes`)
    return `${begin}${made}\n${end}`
  })
}
