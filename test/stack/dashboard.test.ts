/**
 * Every query of stack/grafana/dashboards/kafka-iam-otel.json, asked of the stack's Prometheus: each answers with data.
 * None has to be excused: what is empty in a healthy service is not in this one, where everything fails now and then.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { interpolate } from '../../scripts/dashboard/interpolate.ts'
import { type Asked, queriesOf } from '../../scripts/dashboard/queries.ts'
import { type EveryMetric, startEveryMetric } from './support/every-metric.ts'
import { root } from './support/places.ts'
import { prometheus } from './support/prometheus.ts'
import { until } from './support/until.ts'

// As checked in: what a Grafana loads.
const dashboard = JSON.parse(
  readFileSync(`${root}stack/grafana/dashboards/kafka-iam-otel.json`, 'utf8'),
) as Dashboard
const service = `stack-dashboard-${randomUUID().slice(0, 8)}`
const times = { rangeSeconds: 300, stepSeconds: 15, leastStepSeconds: 15 }

const queries = queriesOf(dashboard).map(
  ({ where, expr }: Asked) => [where, interpolate(expr, { service: [service] }, times)] as const,
)

let running: EveryMetric

beforeAll(async () => {
  running = await startEveryMetric(service)
})

afterAll(() => running?.stop())

/** A query that Prometheus refuses throws. */
const numbersOf = async (query: string) =>
  (await prometheus(query)).filter(({ value }) => Number.isFinite(value)).length

test('there are queries of panels, variables and annotations', () => {
  expect(queries.length).toBeGreaterThan(50)
})

describe('answers with data', { concurrent: true }, () => {
  test.for(queries)('%s', async ([, query]) => {
    const numbers = await until(`an answer to ${query}`, () =>
      numbersOf(query).then((count) => count > 0 && count),
    )
    expect(numbers).toBeGreaterThan(0)
  })
})

test('of another service nothing is counted', async () => {
  const [, processes = ''] = queries.find(([where]) => where === 'panel "Processes" A') ?? []
  expect(await numbersOf(processes.replaceAll(service, `${service}-another`))).toBe(0)
})
