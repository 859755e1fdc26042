/** What the alert rules do, by Prometheus's own promtool. */
import { describe, expect, test } from 'vitest'
import { promtool } from './promtool.ts'
import { ruleFiles, rulesFolder } from './rule-files.ts'
import { runScenarios } from './run.ts'
import { scenarios } from './scenarios.ts'

test('promtool check rules finds nothing to say', async () => {
  const args = ['check', 'rules', '--lint=all', '--lint-fatal', ...Object.keys(ruleFiles)]
  expect(await promtool(rulesFolder, args)).toMatchObject({ code: 0 })
})

describe.each([1, 10, 1000])('a service of %i', async (processes) => {
  const all = scenarios(processes)
  // All at once: promtool needs longer to start than to test.
  const verdicts = await runScenarios(all)

  test.each(all)('$rule $name', ({ name }) => {
    expect(verdicts.get(name)).toBeUndefined()
  })
})
