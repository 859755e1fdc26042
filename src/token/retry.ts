import { fullJitter, type Runtime, wait } from '../base/clocks-and-timers.ts'
import { MskIamTokenError } from '../failures/errors.ts'

export interface RetryPolicy {
  /** One attempt is given up after this, ms. */
  readonly attemptMs: number
  /** All of them together, waits included, ms. */
  readonly totalMs: number
  readonly maxAttempts: number
  /** Full jitter: the n-th wait is anywhere between 0 and `min(capMs, baseMs · 2ⁿ)`. */
  readonly baseMs: number
  readonly capMs: number
}

/** kafkajs gives up waiting for its connection lock at about 12 s, so a refresh ends before that. */
export const refreshPolicy: RetryPolicy = {
  attemptMs: 4_000,
  totalMs: 8_000,
  maxAttempts: 4,
  baseMs: 250,
  capMs: 2_000,
}

export interface Attempts<T> {
  /** One attempt. `bounded` runs its work and gives up waiting for it in time, so that what surrounds it ends too. */
  attempt(number: number, bounded: (work: () => Promise<T>) => Promise<T>): Promise<T>
  isTransient(error: unknown): boolean
  onRetry(error: unknown): void
  /** Work that had been given up succeeded after all. */
  onLate(result: T): void
}

/** Tries until it succeeds, fails for good, or the time is over; then rejects with the last failure. */
export async function retryTransient<T>(
  attempts: Attempts<T>,
  policy: RetryPolicy,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<T> {
  const end = runtime.monotonic() + policy.totalMs
  for (let number = 1; ; number += 1) {
    const patience = Math.min(policy.attemptMs, end - runtime.monotonic())
    const bounded = (work: () => Promise<T>) => within(work, patience, attempts.onLate, runtime, signal)
    try {
      return await attempts.attempt(number, bounded)
    } catch (error) {
      const pause = fullJitter(runtime, policy.baseMs, number - 1, policy.capMs)
      const over = number >= policy.maxAttempts || runtime.monotonic() + pause >= end
      if (over || signal.aborted || !attempts.isTransient(error)) throw error
      attempts.onRetry(error)
      await wait(runtime, pause, signal)
    }
  }
}

/** Waits for `work`, but not for ever. What comes of it later is heard, so that nothing is lost or left unhandled. */
async function within<T>(
  work: () => Promise<T>,
  patienceMs: number,
  onLate: (result: T) => void,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<T> {
  const done = new AbortController()
  let settled = false
  const timeout = wait(runtime, patienceMs, AbortSignal.any([signal, done.signal])).then(() => {
    throw new MskIamTokenError('signer_timeout', { detail: `the attempt had ${Math.round(patienceMs)} ms` })
  })
  const working = work()
  working.then(
    (result) => settled && onLate(result),
    () => undefined,
  )
  try {
    return await Promise.race([working, timeout])
  } finally {
    settled = true
    timeout.catch(() => undefined)
    done.abort()
  }
}
