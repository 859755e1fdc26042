import { readFileSync } from 'node:fs'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { asJson, dashboard } from '../../scripts/dashboard/dashboard.ts'
import { panelsOf, targetsOf } from '../../scripts/dashboard/queries.ts'
import { alerts } from '../../scripts/dashboard/thresholds.ts'
import { dashboardFile } from '../../scripts/dashboard/write.ts'

const made = dashboard()
const panels = panelsOf(made)
const titles = panels.map((panel) => [panel.title ?? '', panel] as const)

test('stack/grafana/dashboards/kafka-iam-otel.json is current: run node scripts/dashboard/write.ts', () => {
  expect(readFileSync(dashboardFile, 'utf8')).toBe(asJson(made))
})

describe('every panel', () => {
  test.each(titles)(
    '%s says what it shows, what is normal, in which unit, and what it means when it is empty',
    (_, panel) => {
      expect(panel.description).toMatch(/Normal: |Normal, /)
      expect(['s', 'percentunit', 'short', 'suffix: /s']).toContain(panel.fieldConfig?.defaults.unit)
      expect(panel.fieldConfig?.defaults.noValue).toMatch(/^[A-Z].+\.$|^[a-z]+ [a-z]+$|'\.$/)
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
