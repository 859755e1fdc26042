/** What there is to query: the names that the collector makes of ours, and those that our rules record. */
import { readdirSync, readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { parse } from 'yaml'
import { Attribute, Metric } from '../../src/telemetry/names.ts'

const root = new URL('../../', import.meta.url)
const rulesFolder = new URL('stack/prometheus/rules/', root)

/** Instrument and unit of every metric, as a page has them. */
export function documentedMetrics(
  page = 'docs/telemetry.md',
): Map<string, { instrument: string; unit: string }> {
  const text = readFileSync(new URL(page, root), 'utf8')
  const rows = text.matchAll(/^\| `([\w.]+)` \| (histogram|counter|observable \w+) \| `([^`]+)` \|/gm)
  return new Map([...rows].map(([, name = '', instrument = '', unit = '']) => [name, { instrument, unit }]))
}

const escaped = (name: string) => name.replaceAll('.', '_')

export const labels: readonly string[] = Object.values(Attribute).map(escaped)

export function series(): string[] {
  const documented = documentedMetrics()
  return Object.values(Metric).flatMap((name) => {
    const { unit, instrument } = documented.get(name) ?? {}
    const base = `${escaped(name)}${unit === 's' ? '_seconds' : ''}`
    if (instrument === 'histogram') return [`${base}_bucket`, `${base}_count`, `${base}_sum`]
    return instrument?.endsWith('counter') ? [`${base}_total`] : [base]
  })
}

export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** Of stack/prometheus/rules. */
export function rules(): Rule[] {
  return readdirSync(rulesFolder)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => parse(readFileSync(new URL(file, rulesFolder), 'utf8')) as { groups: { rules: Rule[] }[] })
    .flatMap(({ groups }) => groups.flatMap((group) => group.rules))
}

interface Names {
  readonly series: string[]
  readonly labels: string[]
}

/** @throws where it is no PromQL */
export function namesIn(promql: string): Names {
  const names: Names = { series: [], labels: [] }
  parser.parse(promql).iterate({
    enter({ name, type, from, to }) {
      if (type.isError) throw new Error(`No PromQL at ${from}: ${promql}`)
      if (name === 'Identifier') names.series.push(promql.slice(from, to))
      if (name === 'LabelName') names.labels.push(promql.slice(from, to))
    },
  })
  return names
}
