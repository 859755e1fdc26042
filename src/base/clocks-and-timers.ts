/** The clocks, timers and dice, so that tests can hold them. */
export interface Runtime {
  /** Wall clock, epoch ms. It can jump. */
  now(): number
  /** Monotonic clock, ms. It can stand still while the machine or the Lambda sleeps. */
  monotonic(): number
  /**
   * Calls back once after `ms`; the result cancels it. It keeps the process alive: somebody waits for it, and nothing
   * else may be left that does, since a refused connection is closed.
   */
  after(ms: number, callback: () => void): () => void
  /** The same for what nobody waits for: it does not keep the process alive. */
  background(ms: number, callback: () => void): () => void
  /** In [0, 1). */
  random(): number
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => timer(ms, callback, true),
  background: (ms, callback) => timer(ms, callback, false),
  random: () => Math.random(),
}

/** 2³¹ - 1: Node fires a timer that is longer after 1 ms. */
export const LONGEST_TIMER_MS = 2_147_483_647

/** A longer time is waited for in several steps, and Infinity for ever. */
function timer(ms: number, callback: () => void, keepsAlive: boolean): () => void {
  let current: NodeJS.Timeout
  const wind = (left: number) => {
    const step = Math.min(left, LONGEST_TIMER_MS)
    current = setTimeout(step < left ? () => wind(left - step) : callback, step)
    if (!keepsAlive) current.unref()
  }
  wind(ms)
  return () => clearTimeout(current)
}

/** Full jitter: anywhere between 0 and `min(capMs, baseMs · 2ⁿ)`. */
export function fullJitter(runtime: Runtime, baseMs: number, n: number, capMs: number): number {
  return runtime.random() * Math.min(capMs, baseMs * 2 ** Math.min(n, 30))
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
export function wait(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = runtime.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Whether `promise` is fulfilled within `ms`. The timer does not outlive the answer. */
export function fulfilsWithin(runtime: Runtime, promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = runtime.after(ms, () => resolve(false))
    const settle = (fulfilled: boolean) => {
      cancel()
      resolve(fulfilled)
    }
    promise.then(
      () => settle(true),
      () => settle(false),
    )
  })
}
