import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { shortRules } from '../../gameday/short-rules.ts'
import { ruleFiles } from '../support/rules.ts'

interface Rule {
  alert?: string
  record?: string
  expr: string
  for?: string
  keep_firing_for?: string
  labels?: Record<string, string>
}

const rulesOf = (text: string) =>
  (parse(text) as { groups: { name: string; interval?: string; rules: Rule[] }[] }).groups

const short = (rule: Rule) =>
  rulesOf(shortRules(JSON.stringify({ groups: [{ name: 'g', rules: [rule] }] })))[0]?.rules[0]

describe('the short copy of a rule', () => {
  test('has times of a thirtieth', () => {
    const rule = short({ alert: 'A', expr: 'increase(x_total[15m])', for: '10m', keep_firing_for: '5m' })
    expect(rule).toEqual({
      alert: 'A',
      expr: 'increase(x_total[30s])',
      for: '20s',
      keep_firing_for: '10s',
      labels: { game_day: 'short' },
    })
  })

  test.each([
    ['rate(x[5m])', 'rate(x[15s])'],
    ['x offset 15m', 'x offset 30s'],
    ['max_over_time(x[1h:5m])', 'max_over_time(x[120s:15s])'],
    ['last_over_time(x[1h30m])', 'last_over_time(x[180s])'],
    ['x[10s]', 'x[10s]'],
  ])('%s is %s, no range below three scrapes, none longer than it was', (expr, expected) => {
    expect(short({ record: 'r', expr })?.expr).toBe(expected)
  })

  test('has the numbers, names and labels of the original', () => {
    const expr =
      'x_remaining_seconds < 255 and on (service_name) y{z="5m [15m]", status=~"5.."} >= 14.4 * 0.001'
    expect(short({ alert: 'A', expr, labels: { severity: 'critical' } })).toEqual({
      alert: 'A',
      expr,
      labels: { severity: 'critical', game_day: 'short' },
    })
  })

  test('reads and writes series of its own', () => {
    expect(short({ record: 'service:msk_iam_x:sum', expr: 'service:msk_iam_y:sum > 0' })).toEqual({
      record: 'short:msk_iam_x:sum',
      expr: 'short:msk_iam_y:sum > 0',
    })
  })
})

describe('the short copies of our rule files', () => {
  test.each(Object.entries(ruleFiles))(
    '%s: every rule is there, and none looks back for more than 12 minutes',
    (_, original) => {
      const names = (text: string) =>
        rulesOf(text).flatMap(({ rules }) =>
          rules.map(({ alert, record }) => alert ?? record?.replace(/^\w+:/, '')),
        )
      const copy = shortRules(original)
      expect(names(copy)).toEqual(names(original))
      for (const { expr } of rulesOf(copy).flatMap(({ rules }) => rules)) {
        expect(expr).not.toContain('service:')
        for (const [, seconds] of expr.matchAll(/(?:\[|offset )(\d+)s/g))
          expect(Number(seconds)).toBeLessThanOrEqual(720)
        expect(expr).not.toMatch(/(\[|offset )\d+[mhd]/)
      }
    },
  )
})
