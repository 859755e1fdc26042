/** That the scenarios notice when a rule is wrong. */
import { expect, test } from 'vitest'
import { alertsOf, type Mutant, mutants } from './mutants.ts'
import { testRules } from './promtool.ts'
import { ruleFiles, scratch } from './run.ts'
import { testGroup } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { survivors } from './survivors.ts'

const all = scenarios(1).map((scenario) => ({ rule: scenario.rule, group: testGroup(scenario) }))

/** Their own scenarios first, and the others for those that are left. */
const killers = await (async () => {
  const found = new Map<string, string>()
  const run = async (mutant: readonly Mutant[], those: (mutant: Mutant) => typeof all) => {
    const suites = mutant.map((one, index) => ({
      name: `mutant-${index}`,
      rules: { ...ruleFiles, [one.file]: one.text },
      groups: those(one).map(({ group }) => group),
    }))
    const verdicts = await testRules(scratch(), suites)
    mutant.forEach((one, index) => {
      const killer = [...(verdicts.get(`mutant-${index}`) ?? [])].find(([, why]) => why !== undefined)
      if (killer) found.set(one.name, killer[0])
    })
  }
  const inTwo = async (mutant: readonly Mutant[], those: (mutant: Mutant) => typeof all) => {
    const half = Math.ceil(mutant.length / 2)
    await Promise.all([run(mutant.slice(0, half), those), run(mutant.slice(half), those)])
  }
  const every = mutants()
  await inTwo(every, (mutant) => all.filter(({ rule }) => alertsOf(mutant.rule).includes(rule)))
  await inTwo(every.filter(({ name }) => !found.has(name)), () => all.filter(({ rule }) => rule === ''))
  return found
})()
