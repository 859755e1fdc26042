/** The rules of stack/prometheus/rules with times that a test can wait for: nothing else of them is changed. */
import { parser } from '@prometheus-io/lezer-promql'
import { parse, stringify } from 'yaml'

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
}

interface Group {
  readonly name: string
  readonly interval?: string
  readonly rules: readonly Rule[]
}

const DIVISOR = 30
/** Three scrapes of 5 s: increase() and rate() need two samples, and one may be late. */
const SHORTEST_RANGE = 15
/** One evaluation. */
const SHORTEST_WAIT = 5

/** Alerts of the short copies carry it. */
export const shortLabel = { game_day: 'short' } as const

/** @param file the text of a rule file; @returns the text of its short copy */
export function shortRules(file: string): string {
  const { groups } = parse(file) as { groups: Group[] }
  return stringify({ groups: groups.map(shortGroup) }, { aliasDuplicateObjects: false })
}

function shortGroup({ name, interval, rules, ...rest }: Group): Group {
  return {
    ...rest,
    name: `short-${name}`,
    ...(interval === undefined ? {} : { interval: shorter(interval, SHORTEST_WAIT) }),
    rules: rules.map(shortRule),
  }
}

function shortRule({ expr, record, for: wait, keep_firing_for: keep, labels, ...rest }: Rule): Rule {
  return {
    ...rest,
    ...(record === undefined ? {} : { record: ofShort(record) }),
    expr: ofShort(shortExpression(expr)),
    ...(wait === undefined ? {} : { for: shorter(wait, SHORTEST_WAIT) }),
    ...(keep === undefined ? {} : { keep_firing_for: shorter(keep, SHORTEST_WAIT) }),
    ...(record === undefined
      ? { labels: { ...labels, ...shortLabel } }
      : labels === undefined
        ? {}
        : { labels }),
  }
}

/** The copies must not write into the series of the originals. */
const ofShort = (text: string) => text.replaceAll(/\bservice:(?=msk_iam_)/g, 'short:')

/** By Prometheus's own grammar: a number in a comparison is no time. */
function shortExpression(expr: string): string {
  const pieces: string[] = []
  let at = 0
  parser.parse(expr).iterate({
    enter({ name, from, to }) {
      if (name !== 'NumberDurationLiteralInDurationContext') return
      pieces.push(expr.slice(at, from), shorter(expr.slice(from, to), SHORTEST_RANGE))
      at = to
    },
  })
  return [...pieces, expr.slice(at)].join('')
}

const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

function shorter(duration: string, least: number): string {
  const seconds = [...duration.matchAll(/(\d+)(ms|[smhdw])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? Number.NaN),
    0,
  )
  if (!(seconds > 0)) throw new Error(`"${duration}" is no duration`)
  return `${Math.min(seconds, Math.max(least, Math.round(seconds / DIVISOR)))}s`
}
