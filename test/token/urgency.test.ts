import { expect, test } from 'vitest'
import { checkedToken } from '../../src/token/token.ts'
import { changesOf, urgency } from '../../src/token/urgency.ts'
import { fakeRuntime } from '../support/fake-runtime.ts'

const policy = { refreshAheadMs: 60_000, minTokenLifeMs: 30_000 }

/** The urgency of a token so many ms after it was received, by the wall clock and the monotonic one. */
function after(life: number, wall: number, monotonic: number) {
  const runtime = fakeRuntime()
  const changes = changesOf(checkedToken({ token: 'a', expiryTime: runtime.now() + life }, runtime), policy)
  return urgency(changes, runtime.now() + wall, runtime.monotonic() + monotonic)
}

test.each([
  [0, 'fresh'],
  [839_999, 'fresh'],
  [840_000, 'should'],
  [869_999, 'should'],
  [870_000, 'must'],
  [900_000, 'must'],
])('a token of 15 minutes, %d ms later: %s', (ms, expected) => {
  expect(after(900_000, ms, ms)).toBe(expected)
})

test.each([
  [9_999, 'fresh'],
  [10_000, 'should'],
  [16_000, 'must'],
])('a token of 40 s has a shorter window and floor; %d ms later: %s', (ms, expected) => {
  expect(after(40_000, ms, ms)).toBe(expected)
})

test('whichever clock is ahead decides: one jumps, the other stands still in a sleep', () => {
  expect(after(900_000, 870_000, 0)).toBe('must')
  expect(after(900_000, -3_600_000, 840_000)).toBe('should')
  expect(after(900_000, -3_600_000, 0)).toBe('fresh')
})
