import { afterEach, beforeAll, expect, test } from 'vitest'
import {
  HOSTILE_CALLS,
  type HostileOptions,
  type HostileSdk,
  MISDEEDS,
  startHostileSdk,
} from '../support/hostile-sdk.ts'
import { clientProgram, type Outcome } from './support/client-program.ts'

/** What the program comes to where no SDK is registered. */
let without: Outcome[]
beforeAll(async () => {
  without = await clientProgram()
})

let sdk: HostileSdk | undefined
afterEach(() => sdk?.stop())

async function under(options: HostileOptions): Promise<Outcome[]> {
  sdk = startHostileSdk(options)
  const outcomes = await clientProgram(sdk.inSpan)
  await sdk.collect()
  // What comes later comes now.
  await new Promise((resolve) => setImmediate(resolve))
  return outcomes
}

test('the program does what it is meant to do', () => {
  expect(without).toContainEqual(['what was signed', 1])
  expect(without.filter(([, result]) => String(result).startsWith('rejected')).map(([step]) => step)).toEqual(
    [
      'an authentication that breaks',
      'a token of a closed provider',
      'a signer that fails',
      'a send that fails',
      'a send that fails',
      'a message whose handler throws',
      'a message whose handler throws',
    ],
  )
})

test.each(HOSTILE_CALLS)('whatever an SDK does in %s, the service gets the same', async (call) => {
  for (const misdeed of MISDEEDS) {
    expect(await under({ always: { [call]: misdeed } }), misdeed).toEqual(without)
    expect(sdk?.calls[call]).toBeGreaterThan(0)
    sdk?.stop()
  }
})

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
  'an SDK whose calls misbehave by chance changes nothing (seed %i)',
  async (seed) => {
    expect(await under({ seed, share: seed / 13 })).toEqual(without)
  },
)
