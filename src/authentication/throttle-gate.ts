import { fullJitter, type Runtime, wait } from '../runtime.ts'

interface Gate {
  /** `Too many connects` in a row. */
  throttles: number
  /** Monotonic: nobody asks this broker before. */
  notBefore: number
  /** Somebody asks it now. */
  taken: boolean
  readonly waiting: (() => void)[]
}

const BASE_MS = 250
const CAP_MS = 5_000
/** How long an exchange waits for its turn, ms; then it goes anyway, or kafkajs's connection lock would time out. */
const PATIENCE_MS = 3_000

/** One for each broker that throttles; all providers of the process share them, since the broker does not tell them apart. */
const gates = new Map<string, Gate>()

/**
 * After `Too many connects` from a broker, this process holds one exchange at a time with it, and none before a
 * full-jitter moment has passed, until exchanges succeed again. Resolves when it is this caller's turn, or its patience
 * is at an end, with what to call when its exchange is over.
 */
export async function enterGate(broker: string, runtime: Runtime): Promise<() => void> {
  const gate = gates.get(broker)
  if (!gate) return () => undefined
  const end = runtime.monotonic() + PATIENCE_MS
  for (;;) {
    const patience = end - runtime.monotonic()
    const pause = gate.taken ? patience : Math.min(patience, gate.notBefore - runtime.monotonic())
    if (pause <= 0) break
    await Promise.race([wait(runtime, pause), ...(gate.taken ? [nextTurn(gate)] : [])])
  }
  gate.taken = true
  return () => {
    gate.taken = false
    for (const wake of gate.waiting.splice(0)) wake()
  }
}

const nextTurn = (gate: Gate): Promise<void> => new Promise((resolve) => gate.waiting.push(resolve))

/** The broker limits connections. One moment for all: a wait for each caller would add up behind kafkajs's lock. */
export function throttled(broker: string, runtime: Runtime): void {
  const gate = gates.get(broker) ?? { throttles: 0, notBefore: 0, taken: false, waiting: [] }
  gates.set(broker, gate)
  gate.throttles += 1
  gate.notBefore = runtime.monotonic() + fullJitter(runtime, BASE_MS, gate.throttles, CAP_MS)
}

/** An exchange went through: the gate opens again, step by step. */
export function admitted(broker: string): void {
  const gate = gates.get(broker)
  if (!gate) return
  gate.throttles = Math.floor(gate.throttles / 2)
  if (gate.throttles === 0) gates.delete(broker)
}
