/** That the scenarios notice when a rule is wrong. */
import { expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import { killersOf } from './run.ts'
import { scenarios } from './scenarios.ts'
import { survivors } from './survivors.ts'

const all = mutants()
const killers = await killersOf(all, scenarios(1))

test.each(all)('$name', ({ name }) => {
  // One that is excused and dies all the same has no place on the list of the excused.
  expect(killers.has(name)).toBe(survivors[name] === undefined)
})

test('every excuse is of a mutant that there is', () => {
  const names = all.map(({ name }) => name)
  expect(Object.keys(survivors).filter((name) => !names.includes(name))).toEqual([])
})
