import { readFileSync } from 'node:fs'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { asJson, dashboard } from '../../scripts/dashboard/dashboard.ts'
import { interpolate } from '../../scripts/dashboard/interpolate.ts'
import { RUNBOOK } from '../../scripts/dashboard/links.ts'
import { panelsOf, queriesOf, targetsOf } from '../../scripts/dashboard/queries.ts'
import { alerts, threshold } from '../../scripts/dashboard/thresholds.ts'
import { JAEGER_UID, PROMETHEUS_UID } from '../../scripts/dashboard/variables.ts'
import { dashboardFile } from '../../scripts/dashboard/write.ts'
import { knownLabels, knownMetrics, rules } from './known-names.ts'
import { namesIn } from './promql-names.ts'

const made = dashboard()
const panels = panelsOf(made)
const queries = queriesOf(made)
const times = { rangeSeconds: 3600, stepSeconds: 60, leastStepSeconds: 60 }
const titles = panels.map((panel) => [panel.title ?? '', panel] as const)

test('stack/grafana/dashboards/kafka-iam-otel.json is current: run node scripts/dashboard/write.ts', () => {
  expect(readFileSync(dashboardFile, 'utf8')).toBe(asJson(made))
})

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

describe('every panel', () => {
  test.each(titles)(
    '%s says what it shows, what is normal, in which unit, and what it means when it is empty',
    (_, panel) => {
      expect(panel.description).toMatch(/Normal: |Normal, /)
      expect(panel.fieldConfig?.defaults.unit).toBeTruthy()
      expect(panel.fieldConfig?.defaults.noValue).toBeTruthy()
      expect(panel.targets).not.toEqual([])
    },
  )

  test.each(titles)('%s follows what was chosen above: data source, service and instance', (_, panel) => {
    expect(panel.datasource).toEqual({ type: 'prometheus', uid: '$datasource' })
    for (const { expr } of targetsOf(panel)) {
      expect(expr).toContain('service_name=~"$service')
      const known =
        expr.match(/[a-z_]+\{/g)?.filter((selector) => !/^(ALERTS|traces_.*)\{/.test(selector)) ?? []
      expect(expr.match(/service_instance_id=~"\$instance"/g) ?? []).toHaveLength(known.length)
    }
  })

  test('has an id and a title of its own', () => {
    const ids = (made.panels ?? []).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).not.toContain(undefined)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  })

  test('has a place that no other has', () => {
    const cells = (made.panels ?? []).flatMap(({ gridPos }) => {
      const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
      expect(x + w).toBeLessThanOrEqual(24)
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
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

describe('provisioning', () => {
  const read = (file: string) =>
    readFileSync(new URL(`../../stack/grafana/provisioning/${file}`, import.meta.url), 'utf8')

  test('has the data sources that the dashboard means', () => {
    const { datasources } = parse(read('datasources/datasources.yaml')) as { datasources: { uid: string }[] }
    expect(datasources.map(({ uid }) => uid)).toEqual([PROMETHEUS_UID, JAEGER_UID])
    const current = (made.templating.list ?? []).find(({ name }) => name === 'datasource')?.current
    expect(current?.value).toBe(PROMETHEUS_UID)
  })

  test('exemplars lead to Jaeger, with the dollar sign that provisioning would take for a variable doubled', () => {
    const [prometheus] = (parse(read('datasources/datasources.yaml')) as { datasources: unknown[] })
      .datasources
    expect(prometheus).toMatchObject({
      jsonData: {
        exemplarTraceIdDestinations: [
          {
            name: 'trace_id',
            datasourceUid: JAEGER_UID,
            url: `http://localhost:16686/trace/$$\{__value.raw}`,
          },
        ],
      },
    })
  })

  test('loads the folder that compose mounts the dashboard into', () => {
    const { providers } = parse(read('dashboards/dashboards.yaml')) as {
      providers: { options: { path: string } }[]
    }
    const compose = parse(readFileSync(new URL('../../docker-compose.otel.yml', import.meta.url), 'utf8'), {
      merge: true,
    }) as { services: { grafana: { volumes: string[]; profiles: string[] } } }
    const { volumes, profiles } = compose.services.grafana
    expect(volumes).toContain(`./stack/grafana/dashboards:${providers[0]?.options.path}:ro`)
    expect(profiles).toEqual(['grafana'])
  })
})

describe('the alert rules', () => {
  const ruleOf = (name: string) => rules.find(({ alert }) => alert === name)
  const numbersIn = (name: string) =>
    [...(ruleOf(name)?.expr ?? '').matchAll(/[<>]=? (?:14\.4 \* |6 \* )?[\d.]+/g)].map(([text]) => text)

  test('are those that the dashboard knows', () => {
    expect(
      rules.flatMap(({ alert }) => alert ?? []).filter((name) => !alerts.includes(name as never)),
    ).toEqual([])
  })

  test.each([
    ['MskIamCredentialsExpiring', `< ${threshold.credentialsSeconds}`],
    ['MskIamReauthenticationStorm', `> ${threshold.authenticationsPerSecond}`],
    ['MskIamConnectionThrottled', `> ${threshold.throttledShare}`],
    ['MskIamPublishFailing', '> 14.4 * 0.001'],
    ['MskIamPublishFailingSlowly', '> 6 * 0.001'],
    ['MskIamPublishSlow', `> ${threshold.publishSeconds}`],
    ['MskIamConsumerBehind', `> ${threshold.behindSeconds}`],
  ])('%s draws its line where the dashboard does: %s', (name, line) => {
    expect(numbersIn(name)).toContain(line)
  })

  test('those of burn rates and of token life are the same numbers', () => {
    const { fast, slow } = threshold.publishFailures
    expect(fast).toBeCloseTo(14.4 * 0.001, 9)
    expect(slow).toBeCloseTo(6 * 0.001, 9)
    expect(ruleOf('MskIamTokenExpiring')?.expr).toContain(`< ${threshold.tokenShare} *`)
    expect(threshold.tokenSeconds).toBe(threshold.tokenShare * 900)
  })

  test('lead to the runbook that the dashboard leads to', () => {
    const urls = rules.flatMap(({ annotations }) => annotations?.['runbook_url'] ?? [])
    expect(urls.length).toBeGreaterThan(0)
    expect(urls.filter((url) => !url.startsWith(`${RUNBOOK}#`))).toEqual([])
  })
})

describe('links', () => {
  const linksOf = (panel: Panel) => [
    ...(panel.fieldConfig?.defaults.links ?? []),
    ...(panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
      properties
        .filter(({ id }) => id === 'links')
        .flatMap(({ value }) => value as { title: string; url: string }[]),
    ),
  ]

  test('a failure leads to the traces of its service with its code, in the time shown', () => {
    const failures = panels.find(({ title }) => title === 'What failed in the time shown')
    const url = failures && linksOf(failures).find(({ title }) => title === 'Traces in Jaeger')?.url
    const values: Record<string, string> = {
      'jaeger:raw': 'http://localhost:16686',
      '__data.fields.service_name:percentencode': 'orders',
      '__data.fields.error_type:percentencode': 'access_denied',
      __from: '1000',
      __to: '2000',
    }
    const filled = url?.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => values[name] ?? `no ${name}`)
    const search = new URL(filled ?? '')
    expect(search.pathname).toBe('/search')
    expect(Object.fromEntries(search.searchParams)).toEqual({
      service: 'orders',
      tags: '{"error.type":"access_denied"}',
      start: '1000000',
      end: '2000000',
      lookback: 'custom',
    })
  })

  test('an alert leads to its entry in the runbook', () => {
    const current = panels.find(({ title }) => title === 'Alerts now')
    const properties = current?.fieldConfig?.overrides.find(
      ({ matcher }) => matcher.options === 'runbook',
    )?.properties
    const mapping = properties?.find(({ id }) => id === 'mappings')?.value as [
      { options: Record<string, { text: string }> },
    ]
    expect(Object.entries(mapping[0].options).map(([name, { text }]) => [name, text])).toEqual(
      alerts.map((name) => [name, name.toLowerCase()]),
    )
  })
})
