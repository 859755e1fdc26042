/** What the alert rules do, by Prometheus's own promtool. */
import { describe, expect, test } from 'vitest'
import { promtool } from './promtool.ts'
import { rulesFolder, runScenarios } from './run.ts'
import { scenarios } from './scenarios.ts'

test('promtool check rules finds nothing to say', async () => {
  expect(await promtool(rulesFolder, ['check', 'rules', '--lint=all', '--lint-fatal', ...Object.keys(ruleFiles)])).toMatchObject({ code: 0 })
})

describe.each([1, 10])('a service of %i', async (processes) => {
  const all = scenarios(processes)
  // All at once: promtool needs longer to start than to test.
  const verdicts = await runScenarios(all)

  test.each(all)('$rule $name', ({ name }) => {
    expect(verdicts.get(name)).toBeUndefined()
  })
})
