import { fulfilsWithin, fullJitter, type Runtime, wait } from '../base/clocks-and-timers.ts'
import { MskIamAuthenticationError } from '../failures/errors.ts'

const BASE_MS = 250
const CAP_MS = 5_000
/** An exchange that takes longer than this, ms, does not hold up the next one. */
const HOLD_MS = 1_000
/** How long an exchange waits for its turn, ms; with the wait for a token it stays below kafkajs's connection lock. */
const PATIENCE_MS = 8_000

/** One for each broker that throttles; all providers of the process share them, since the broker does not tell them apart. */
const gates = new Map<string, Gate>()

/**
 * After `Too many connects` from a broker: one exchange at a time with it, in the order they came, and none before a
 * full-jitter moment has passed, until exchanges succeed again.
 */
class Gate {
  /** `Too many connects`, less half of them for each success. */
  throttles = 0
  /** Monotonic: nobody asks this broker before. */
  notBefore = 0
  #users = 0
  /** Resolves when the last in the queue has had its turn. */
  #tail: Promise<void> = Promise.resolve()

  get idle(): boolean {
    return this.#users === 0 && this.throttles === 0
  }

  async enter(runtime: Runtime): Promise<() => void> {
    const end = runtime.monotonic() + PATIENCE_MS
    const before = this.#tail
    let release: () => void = () => undefined
    this.#tail = new Promise((resolve) => {
      release = resolve
    })
    this.#users += 1
    const leave = () => {
      this.#users -= 1
      release()
    }
    const inTime = await fulfilsWithin(runtime, before, PATIENCE_MS)
    const pause = Math.max(0, this.notBefore - runtime.monotonic())
    if (!inTime || runtime.monotonic() + pause > end) {
      this.#users -= 1
      // The order stays: whoever stands behind waits for those before.
      before.then(release)
      throw new MskIamAuthenticationError('too_many_connects', {
        detail: 'its turn did not come, nothing was sent',
      })
    }
    if (pause > 0) await wait(runtime, pause)
    const cancel = runtime.background(HOLD_MS, release)
    return () => {
      cancel()
      leave()
    }
  }
}

/**
 * Resolves when it is this caller's turn, with what to call when its exchange is over.
 *
 * @throws MskIamAuthenticationError `too_many_connects`, retriable, when its turn does not come
 */
export async function enterGate(broker: string, runtime: Runtime): Promise<() => void> {
  const gate = gates.get(broker)
  if (!gate) return () => undefined
  const leave = await gate.enter(runtime)
  return () => {
    leave()
    if (gate.idle) gates.delete(broker)
  }
}

/** The broker limits connections. One moment for all: a wait for each caller would add up behind kafkajs's lock. */
export function throttled(broker: string, runtime: Runtime): void {
  const gate = gates.get(broker) ?? new Gate()
  gates.set(broker, gate)
  gate.throttles += 1
  gate.notBefore = runtime.monotonic() + fullJitter(runtime, BASE_MS, gate.throttles, CAP_MS)
}

/** An exchange went through: the gate opens again, step by step. */
export function admitted(broker: string): void {
  const gate = gates.get(broker)
  if (!gate) return
  gate.throttles = Math.floor(gate.throttles / 2)
  if (gate.idle) gates.delete(broker)
}
