/** What the alert rules do, by Prometheus's own promtool. */
import { describe, expect, test } from 'vitest'
import { alertRules, ruleFiles, rulesFolder } from '../support/rules.ts'
import { promtool } from './promtool.ts'
import { runScenarios } from './run.ts'
import { largeScenarios } from './scenarios/large.ts'
import { scenarios } from './scenarios.ts'

test('promtool check rules finds nothing to say', async () => {
  const args = ['check', 'rules', '--lint=all', '--lint-fatal', ...Object.keys(ruleFiles)]
  expect(await promtool(rulesFolder, args)).toMatchObject({ code: 0 })
})

const fleets = [
  { size: 'one process', all: scenarios(1) },
  // What takes hours says nothing more with ten.
  { size: 'ten processes', all: scenarios(10).filter(({ minutes }) => minutes <= 150) },
  { size: 'a thousand processes', all: largeScenarios },
]

describe.each(fleets)('$size', async ({ all }) => {
  // All at once: promtool needs longer to start than to test.
  const verdicts = await runScenarios(all)

  test.each(all)('$rule $name', ({ name }) => {
    expect(verdicts.get(name)).toBeUndefined()
  })
})

test('there is a scenario in which each alert fires and resolves', () => {
  const shown = scenarios(1).flatMap(({ fires = [] }) =>
    fires.filter(({ resolvedBy }) => resolvedBy !== undefined).map(({ alert }) => alert),
  )
  const alerts = alertRules.map(({ name }) => name)
  expect([...new Set(shown)].sort()).toEqual(alerts.sort())
})
