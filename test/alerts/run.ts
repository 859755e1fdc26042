/** The rules as they are in the repository, and scenarios run on them. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testRules } from './promtool.ts'
import { type Scenario, testGroup } from './scenario.ts'

const folder = `${import.meta.dirname}/../../stack/prometheus/rules`

/** Name and text of each file. */
export const ruleFiles: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
)

export const scratch = () => mkdtempSync(join(tmpdir(), 'kafka-iam-otel-rules-'))

/** Why each failed, by name; undefined where it did not. */
export async function runScenarios(scenarios: readonly Scenario[]): Promise<ReadonlyMap<string, string | undefined>> {
  const suite = { name: 'scenarios', rules: ruleFiles, groups: scenarios.map(testGroup) }
  return (await testRules(scratch(), [suite])).get(suite.name) ?? new Map()
}
