import { describe, expect, test } from 'vitest'
import { dashboard } from '../../scripts/dashboard/dashboard.ts'
import { interpolate } from '../../scripts/dashboard/interpolate.ts'
import { panelsOf, queriesOf, targetsOf } from '../../scripts/dashboard/queries.ts'
import { namesIn } from '../support/series.ts'
import { knownLabels, knownMetrics } from './known-names.ts'

const made = dashboard()
const queries = queriesOf(made)
const times = { rangeSeconds: 3600, stepSeconds: 60, leastStepSeconds: 60 }
const titles = panelsOf(made).map((panel) => [panel.title ?? '', panel] as const)

describe('every query', () => {
  const all = queries.map(({ where, expr }) => [where, interpolate(expr, {}, times)] as const)

  test.each(all)('%s is PromQL', (_, query) => {
    expect(namesIn(query).problems).toEqual([])
  })

  test.each(all)('%s asks for metrics and labels that exist', (_, query) => {
    const { metrics, labels } = namesIn(query)
    expect(metrics).not.toEqual([])
    expect(metrics.filter((name) => !knownMetrics.includes(name))).toEqual([])
    expect(labels.filter((name) => !knownLabels.includes(name))).toEqual([])
  })

  test('an unknown metric, an unknown label and a missing bracket are found', () => {
    expect(namesIn('sum by (servise) (msk_iam_token{a="b"})')).toEqual({
      metrics: ['msk_iam_token'],
      labels: ['servise', 'a'],
      problems: [],
    })
    expect(namesIn('sum(up').problems).not.toEqual([])
  })
})

describe('a thousand processes', () => {
  /** Lines and rows are as many as there are codes, results and groups; what names processes or services is cut. */
  const perProcess = /by \([^)]*(service_name|service_instance_id)[^)]*\)/
  const cut = /^(round\()?(max|count|min|topk|bottomk)\(|topk\(|bottomk\(/

  test.each(titles)('%s stays legible', (_, panel) => {
    for (const { expr } of targetsOf(panel)) if (perProcess.test(expr)) expect(expr).toMatch(cut)
  })
})

describe('variables', () => {
  const variable = (name: string) => made.templating.list?.find((each) => each.name === name)

  test.each(['service', 'provider', 'instance'])(
    '$%s takes several values, or all of them as one pattern',
    (name) => {
      expect(variable(name)).toMatchObject({ multi: true, includeAll: true, allValue: '.*' })
    },
  )

  test('a value with signs of regular expressions means itself', () => {
    const query = interpolate('up{service_name=~"$service"}', { service: ['a.b', 'c|d'] }, times)
    expect(query).toBe(String.raw`up{service_name=~"(a\\.b|c\\|d)"}`)
  })

  test('one that nobody sets is an error here, as it would be empty in Grafana', () => {
    expect(() => interpolate('up{a="$nothing"}', {}, times)).toThrow('$nothing')
  })
})
