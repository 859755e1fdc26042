import type { Runtime } from '../../src/base/clocks-and-timers.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** Clocks that the test moves, and dice that it loads. */
export interface FakeRuntime extends Runtime {
  /** Moves both clocks, ringing timers on their way; lets promises settle between them. */
  advance(ms: number): Promise<void>
  /** The process sleeps: no timer rings; the wall clock goes on, the monotonic one too unless `frozen`. */
  sleep(ms: number, options?: { frozen?: boolean }): void
  /** The wall clock alone jumps. */
  jump(ms: number): void
  readonly timers: number
  dice: number
  /** Timers ring so much too soon, ms, as Node's do. */
  early: number
}

/** Lets everything that is ready run: promise chains, and what they start. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export function fakeRuntime(start = Date.UTC(2026, 0, 1)): FakeRuntime {
  let wall = start
  let monotonic = 1_000
  const timers = new Set<Timer>()
  const runtime: FakeRuntime = {
    dice: 0.5,
    early: 0,
    now: () => wall,
    monotonic: () => monotonic,
    random: () => runtime.dice,
    after(ms, callback) {
      const timer = { at: monotonic + Math.max(0, ms - runtime.early), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    background: (ms, callback) => runtime.after(ms, callback),
    get timers() {
      return timers.size
    },
    sleep(ms, { frozen = false } = {}) {
      wall += ms
      if (!frozen) monotonic += ms
    },
    jump(ms) {
      wall += ms
    },
    async advance(ms) {
      await settle()
      const end = monotonic + ms
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers.delete(next)
        wall += Math.max(0, next.at - monotonic)
        monotonic = Math.max(monotonic, next.at)
        next.callback()
        await settle()
      }
      wall += end - monotonic
      monotonic = end
      await settle()
    },
  }
  return runtime
}
