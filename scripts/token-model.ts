/**
 * Random programs against the token cache, and what it promises: `node scripts/token-model.ts [STEPS] [SEED]`.
 * The steps: callers, time, jumps of the wall clock, sleep, a signer that fails, hangs or is slow, short tokens,
 * refusals, close. The promises are those of test/token/model/promises.ts.
 */
import { runPrograms } from '../test/token/model/program.ts'

const [steps = '1000000', seed = '1'] = process.argv.slice(2)
const outcome = await runPrograms(Number(seed), Number(steps))
console.log(`${outcome.steps} steps: ${outcome.broken ?? 'no promise was broken'}`)
process.exitCode = outcome.broken ? 1 : 0
