import { MskIamTokenError } from '../failures/errors.ts'
import { fullJitter, type Runtime, wait } from '../runtime.ts'

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
  attempt(number: number): Promise<T>
  isTransient(error: unknown): boolean
  onRetry(error: unknown): void
  /** An attempt that had been given up succeeded after all. */
  onLate(result: T): void
}

/** Tries until it succeeds, fails for good, or the time is over; then rejects with the last failure. */
export async function retryTransient<T>(
  work: Attempts<T>,
  policy: RetryPolicy,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<T> {
  const end = runtime.monotonic() + policy.totalMs
  for (let number = 1; ; number += 1) {
    const left = end - runtime.monotonic()
    try {
      return await bounded(work, number, Math.min(policy.attemptMs, left), runtime, signal)
    } catch (error) {
      const pause = fullJitter(runtime, policy.baseMs, number - 1, policy.capMs)
      const over = number >= policy.maxAttempts || runtime.monotonic() + pause >= end
      if (over || signal.aborted || !work.isTransient(error)) throw error
      work.onRetry(error)
      await wait(runtime, pause, signal)
    }
  }
}

/** One attempt with an end. What it does after that is heard, so that nothing is lost or left unhandled. */
async function bounded<T>(
  work: Attempts<T>,
  number: number,
  ms: number,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<T> {
  const timer = new AbortController()
  const attempt = work.attempt(number)
  const timeout = wait(runtime, ms, AbortSignal.any([signal, timer.signal])).then(() => {
    throw new MskIamTokenError('signer_timeout', { detail: `attempt ${number} had ${Math.round(ms)} ms` })
  })
  let settled = false
  attempt.then(
    (result) => {
      if (settled) work.onLate(result)
    },
    () => undefined,
  )
  timeout.catch(() => undefined)
  try {
    return await Promise.race([attempt, timeout])
  } finally {
    settled = true
    timer.abort()
  }
}
