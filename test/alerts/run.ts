/** Scenarios, run on the rules of the repository and on wrong ones. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alertsOf, type Mutant } from './mutants.ts'
import { testRules } from './promtool.ts'
import { ruleFiles } from './rule-files.ts'
import { type Scenario, type TestGroup, testGroup } from './scenario.ts'

export const scratch = () => mkdtempSync(join(tmpdir(), 'kafka-iam-otel-rules-'))

/** Of what takes hours, or is large, every minute is enough. */
const LONG_MINUTES = 150
const LARGE_FLEET = 100
const every = ({ minutes, fleets }: Scenario) =>
  minutes > LONG_MINUTES || fleets.some(({ processes }) => processes > LARGE_FLEET) ? '60s' : '30s'

/** Why each failed, by name; undefined where it did not. */
export async function runScenarios(
  scenarios: readonly Scenario[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const suites = [...Map.groupBy(scenarios, every)].map(([interval, of]) => ({
    name: `every-${interval}`,
    rules: ruleFiles,
    groups: of.map(testGroup),
    every: interval,
  }))
  // A process for each: promtool uses one core.
  const verdicts = await Promise.all(suites.map((suite) => testRules(scratch(), [suite])))
  return new Map(verdicts.flatMap((suite) => [...suite.values()].flatMap((tests) => [...tests])))
}

/** Which scenario notices each of these rule files, by name; none notices those that are missing. */
export async function killersOf(
  mutants: readonly Mutant[],
  scenarios: readonly Scenario[],
): Promise<ReadonlyMap<string, string>> {
  const groups = new Map(scenarios.map((scenario) => [scenario, testGroup(scenario)]))
  const killers = new Map<string, string>()
  const candidates = new Map(
    mutants.map((mutant) => {
      const alerts = alertsOf(mutant.rule)
      const nearness = ({ rule }: Scenario) =>
        alerts.includes(rule) ? 0 : rule === '' ? 2 : alerts.length > 0 ? 3 : 1
      return [
        mutant,
        [...scenarios].sort((a, b) => nearness(a) - nearness(b) || a.minutes - b.minutes),
      ] as const
    }),
  )
  // One scenario after the other, since the first mostly does it.
  for (let round = 0; ; round += 1) {
    const left = mutants.filter(
      (mutant) => !killers.has(mutant.name) && (candidates.get(mutant)?.length ?? 0) > round,
    )
    if (left.length === 0) return killers
    const suites = left.map((mutant, index) => {
      const scenario = candidates.get(mutant)?.[round] as Scenario
      const group = groups.get(scenario) as TestGroup
      return {
        mutant,
        scenario,
        suite: { name: `mutant-${index}`, rules: mutant.rules, groups: [group], every: every(scenario) },
      }
    })
    // Two cores.
    const halves = [
      suites.filter((_, index) => index % 2 === 0),
      suites.filter((_, index) => index % 2 === 1),
    ]
    const verdicts = await Promise.all(
      halves
        .filter((half) => half.length > 0)
        .map((half) =>
          testRules(
            scratch(),
            half.map(({ suite }) => suite),
          ),
        ),
    )
    for (const { mutant, scenario, suite } of suites) {
      const why = verdicts
        .find((of) => of.has(suite.name))
        ?.get(suite.name)
        ?.get(scenario.name)
      if (why !== undefined) killers.set(mutant.name, scenario.name)
    }
  }
}
