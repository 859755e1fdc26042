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
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  background(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
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
