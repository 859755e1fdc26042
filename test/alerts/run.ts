/** Scenarios, run on the rules of the repository and on wrong ones. */
import { ruleFiles } from '../support/rules.ts'
import { alertsOf, type Mutant } from './mutants.ts'
import { testRules } from './promtool.ts'
import { type Scenario, type TestGroup, testGroup } from './scenario.ts'

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
  const verdicts = await Promise.all(suites.map((suite) => testRules([suite])))
  return new Map(verdicts.flatMap((suite) => [...suite.values()].flatMap((tests) => [...tests])))
}

/** Which scenario notices each of these rule files, by name; none notices those that are missing. */
export async function killersOf(
  mutants: readonly Mutant[],
  scenarios: readonly Scenario[],
): Promise<ReadonlyMap<string, string>> {
  const groups = new Map(scenarios.map((scenario) => [scenario, testGroup(scenario)]))
  const killers = new Map<string, string>()
  const trials = mutants.map((mutant) => ({ mutant, scenarios: nearestFirst(mutant, scenarios) }))
  // One scenario after the other, since the first mostly does it.
  for (let round = 0; round < scenarios.length; round += 1) {
    const left = trials.flatMap(({ mutant, scenarios: those }) => {
      const scenario = those[round]
      return scenario === undefined || killers.has(mutant.name) ? [] : [{ mutant, scenario }]
    })
    const runSome = async (some: typeof left) => {
      const suites = some.map(({ mutant, scenario }, index) => ({
        name: `mutant-${index}`,
        rules: mutant.rules,
        groups: [groups.get(scenario) as TestGroup],
        every: every(scenario),
      }))
      const verdicts = suites.length > 0 ? await testRules(suites) : undefined
      for (const [index, { mutant, scenario }] of some.entries()) {
        if (verdicts?.get(`mutant-${index}`)?.get(scenario.name) !== undefined)
          killers.set(mutant.name, scenario.name)
      }
    }
    // Two cores.
    await Promise.all([0, 1].map((core) => runSome(left.filter((_, index) => index % 2 === core))))
  }
  return killers
}

/** Those of the alerts that it decides on, or of the objectives, before the healthy ones and all others; short ones first. */
function nearestFirst(mutant: Mutant, scenarios: readonly Scenario[]): Scenario[] {
  const alerts = alertsOf(mutant.rule)
  const own = alerts.length > 0 ? alerts : ['objectives']
  const distance = ({ rule }: Scenario) => (own.includes(rule) ? 0 : rule === '' ? 1 : 2)
  return [...scenarios].sort((a, b) => distance(a) - distance(b) || a.minutes - b.minutes)
}
