/** What there is to query: the names that the collector makes of ours. */
import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { Attribute, Metric } from '../../src/telemetry/names.ts'

const root = new URL('../../', import.meta.url)

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

export interface Names {
  readonly metrics: string[]
  readonly labels: string[]
  /** Where the grammar gave up, as text. */
  readonly problems: string[]
}

/** What a query takes for granted: metrics and labels, by PromQL's own grammar. */
export function namesIn(query: string): Names {
  const metrics: string[] = []
  const labels: string[] = []
  const problems: string[] = []
  parser.parse(query).iterate({
    enter: (node) => {
      const text = query.slice(node.from, node.to)
      const parent = node.node.parent?.name
      if (node.type.isError) problems.push(query.slice(Math.max(0, node.from - 10), node.to + 10))
      else if (node.name === 'Identifier' && parent === 'VectorSelector') metrics.push(text)
      else if (node.name === 'LabelName') labels.push(text)
      else if (node.name === 'UnquotedLabelMatcher' && text.startsWith('__name__'))
        metrics.push(...namesOf(/"(.*)"/.exec(text)?.[1] ?? ''))
    },
  })
  return { metrics, labels: labels.filter((name) => name !== '__name__'), problems }
}

/** `a|b` are two names; any other pattern stands for itself. */
const namesOf = (pattern: string) => (/^[\w:|]+$/.test(pattern) ? pattern.split('|') : [pattern])
