import { expect, test } from 'vitest'
import { runPrograms } from './model/program.ts'

test('in 10,000 random steps the token cache breaks none of its promises; scripts/token-model.ts makes more', async () => {
  expect(await runPrograms(1, 10_000)).toEqual({ steps: 10_000 })
}, 60_000)
