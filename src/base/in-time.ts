import type { Runtime } from './clocks-and-timers.ts'

/** undefined where it is not done by `deadline`, monotonic ms. */
export async function inTime<T>(
  work: Promise<T>,
  deadline: number,
  runtime: Runtime,
): Promise<T | undefined> {
  let cancel: (() => void) | undefined
  const late = new Promise<undefined>((resolve) => {
    cancel = runtime.after(Math.max(0, deadline - runtime.monotonic()), () => resolve(undefined))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel?.()
  }
}
