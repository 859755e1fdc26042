/** What there is in Prometheus: the catalogue's metrics and attributes, and what the collector and the rules add. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { Attribute, Metric } from '../../src/telemetry/names.ts'

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly annotations?: Readonly<Record<string, string>>
}

const root = new URL('../../', import.meta.url)
const rulesFolder = new URL('stack/prometheus/rules/', root)

export const rules: Rule[] = (existsSync(rulesFolder) ? readdirSync(rulesFolder) : []).flatMap((file) => {
  const { groups } = parse(readFileSync(new URL(file, rulesFolder), 'utf8')) as {
    groups: { rules: Rule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
})

const escaped = (name: string) => name.replaceAll('.', '_')

/** By instrument and unit, as docs/telemetry.md has them. */
function ownSeries(): string[] {
  const page = readFileSync(new URL('docs/telemetry.md', root), 'utf8')
  const rows = [...page.matchAll(/^\| `([\w.]+)` \| (histogram|counter|observable \w+) \| `([^`]+)` \|/gm)]
  return rows.flatMap(([, name = '', instrument = '', unit = '']) => {
    if (!Object.values(Metric).includes(name as never)) throw new Error(`docs/telemetry.md tells of ${name}`)
    const base = `${escaped(name)}${unit === 's' ? '_seconds' : ''}`
    if (instrument === 'histogram') return histogram(base)
    return instrument.endsWith('counter') ? [`${base}_total`] : [base]
  })
}

const histogram = (base: string) => [`${base}_bucket`, `${base}_count`, `${base}_sum`]

export const knownMetrics = [
  ...ownSeries(),
  ...histogram('traces_span_metrics_duration_seconds'),
  ...rules.flatMap(({ record }) => record ?? []),
  'ALERTS',
  'up',
]

export const knownLabels = [
  ...Object.values(Attribute).map(escaped),
  ...['service_name', 'service_instance_id', 'le', 'alertname', 'alertstate', 'span_name', 'span_kind'],
]
