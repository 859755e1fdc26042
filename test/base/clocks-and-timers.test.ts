import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fulfilsWithin, systemRuntime, wait } from '../../src/base/clocks-and-timers.ts'

const DAY = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe.each(['after', 'background'] as const)('a timer that is longer than Node holds: %s', (kind) => {
  test('rings at its time, not after 1 ms', async () => {
    const ring = vi.fn()
    systemRuntime[kind](60 * DAY, ring)
    await vi.advanceTimersByTimeAsync(60 * DAY - 1)
    expect(ring).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ring).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
    'of %d ms does not ring in 100 days, and can be cancelled then',
    async (ms) => {
      const ring = vi.fn()
      const cancel = systemRuntime[kind](ms, ring)
      await vi.advanceTimersByTimeAsync(100 * DAY)
      expect(ring).not.toHaveBeenCalled()
      cancel()
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

test('waiting for ever ends with the signal', async () => {
  const stop = new AbortController()
  const waiting = wait(systemRuntime, Number.POSITIVE_INFINITY, stop.signal)
  await vi.advanceTimersByTimeAsync(DAY)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  expect(vi.getTimerCount()).toBe(0)
})

test('a promise that is fulfilled late is in time for a long patience', async () => {
  const late = new Promise((resolve) => setTimeout(resolve, 30 * DAY))
  const inTime = fulfilsWithin(systemRuntime, late, 2 ** 40)
  await vi.advanceTimersByTimeAsync(30 * DAY)
  expect(await inTime).toBe(true)
})
