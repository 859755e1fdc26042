import type { Runtime } from '../base/clocks-and-timers.ts'
import { runInRoot } from '../telemetry/contexts.ts'

/** One timer in the background. It holds what it calls weakly, so that a provider that nobody uses any more is let go. */
export class RefreshTimer<T extends object> {
  readonly #runtime: Runtime
  readonly #owner: WeakRef<T>
  readonly #ring: (owner: T) => void
  #cancel: (() => void) | undefined

  /** @param ring must not hold the owner itself */
  constructor(owner: T, ring: (owner: T) => void, runtime: Runtime) {
    this.#owner = new WeakRef(owner)
    this.#ring = ring
    this.#runtime = runtime
  }

  /** In place of the one that is set. */
  set(ms: number): void {
    this.cancel()
    const callback = callbackOf(this.#owner, this.#ring)
    this.#cancel = runInRoot(() => this.#runtime.background(ms, callback))
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

/** Made apart, since closures of one function share what any of them captures. */
const callbackOf =
  <T extends object>(owner: WeakRef<T>, ring: (owner: T) => void) =>
  () => {
    const held = owner.deref()
    if (held) ring(held)
  }
