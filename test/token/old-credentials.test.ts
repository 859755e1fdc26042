/** Newer credentials cannot be had; those at hand still sign, and what they sign ends with them. */
import { afterEach, expect, test } from 'vitest'
import { FailureLine } from '../../src/telemetry/failure-log.ts'
import { createRefresh } from '../../src/token/refresh.ts'
import { TokenCache } from '../../src/token/token-cache.ts'
import { tokenMetrics } from '../../src/token/token-metrics.ts'
import { fakeRuntime } from '../support/fake-runtime.ts'

let tokens: TokenCache
afterEach(() => tokens.close())

/** A token that lives for 8 minutes; whatever is signed later ends so much later. */
async function renewedWithOldCredentials(gainedMs: number) {
  const runtime = fakeRuntime()
  const end = runtime.now() + 480_000
  let signed = 0
  const signer = {
    async sign() {
      signed += 1
      const isFirst = signed === 1
      return {
        token: `token-${signed}`,
        expiryTime: isFirst ? end : end + gainedMs,
        source: 'web_identity' as const,
        ...(isFirst ? {} : { staleBecause: new Error('STS is down') }),
      }
    },
    credentialsRemainingLife: () => end - runtime.now(),
  }
  const metrics = tokenMetrics('old-credentials', 'eu-west-1', 'one')
  const refresh = createRefresh(signer, metrics, new FailureLine(runtime), runtime)
  const policy = { refreshAheadMs: 60_000, minTokenLifeMs: 30_000, waitInsideWindow: false }
  tokens = new TokenCache(refresh, { ...policy, backgroundRefresh: true }, metrics, runtime, () => undefined)
  await tokens.acquire()
  // The timer has rung, once at least.
  await runtime.advance(310_000)
  expect(tokens.backOff.failures).toBeGreaterThan(0)
  const { token, result } = await tokens.acquire()
  return { value: token.value, result, age: tokens.tokenState().age }
}

test('a token that only ends a rounded second later does not replace the one at hand, whose age goes on', async () => {
  expect(await renewedWithOldCredentials(2_000)).toEqual({ value: 'token-1', result: 'hit', age: 310 })
})

test('a token that lives longer does', async () => {
  expect(await renewedWithOldCredentials(2_001)).toMatchObject({ value: 'token-2', result: 'hit' })
})
