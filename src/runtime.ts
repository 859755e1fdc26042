/** The clocks, timers and dice, so that tests can hold them. */
export interface Runtime {
  /** Wall clock, epoch ms. It can jump. */
  now(): number
  /** Monotonic clock, ms. It can stand still while the machine or the Lambda sleeps. */
  monotonic(): number
  /** Calls back once after `ms`, without keeping the process alive; the result cancels it. */
  after(ms: number, callback: () => void): () => void
  /** In [0, 1). */
  random(): number
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
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
