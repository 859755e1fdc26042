import { expect, test } from 'vitest'
import { runPrograms } from './model/program.ts'

test('in 10,000 random steps the token cache breaks none of its promises; scripts/token-model.ts makes more', async () => {
  expect(await runPrograms(1, 10_000)).toEqual({ steps: 10_000 })
}, 60_000)

test('a caller that waits again after a sleep does not get the older token when the new one comes at the same moment', async () => {
  expect(await runPrograms(91_032, 200)).toEqual({ steps: 200 })
})
