import type { Runtime } from '../base/clocks-and-timers.ts'
import { age, remainingLife, type Token } from './token.ts'
import { type Changes, changesOf, type RefreshPolicy, type Urgency, until, urgency } from './urgency.ts'

interface Held {
  readonly token: Token
  readonly changes: Changes
}

/** The token that is handed out, and how long it is good for. */
export class CurrentToken {
  readonly #policy: RefreshPolicy
  readonly #runtime: Runtime
  #held: Held | undefined

  constructor(policy: RefreshPolicy, runtime: Runtime) {
    this.#policy = policy
    this.#runtime = runtime
  }

  get token(): Token | undefined {
    return this.#held?.token
  }

  /** The token, as long as it is fresh. */
  fresh(): Token | undefined {
    const held = this.#held
    const runtime = this.#runtime
    const fresh = held && urgency(held.changes, runtime.now(), runtime.monotonic()) === 'fresh'
    return fresh ? held.token : undefined
  }

  urgency(): Urgency {
    return this.#held ? urgency(this.#held.changes, this.#runtime.now(), this.#runtime.monotonic()) : 'must'
  }

  /** Remaining lifetime, ms; 0 without a token. */
  get left(): number {
    return this.#held ? Math.max(0, remainingLife(this.#held.token, this.#runtime)) : 0
  }

  /** Ms since it was received. */
  get age(): number | undefined {
    return this.#held && age(this.#held.token, this.#runtime)
  }

  /** Ms until the window opens; not more than 0 inside it and without a token. */
  get untilWindow(): number {
    if (!this.#held) return 0
    return until(this.#held.changes.windowOpens, this.#runtime.now(), this.#runtime.monotonic())
  }

  /** Ms by which another token ends later. */
  gain(token: Token): number {
    return remainingLife(token, this.#runtime) - this.left
  }

  /** Of this one and another, the one that ends later. */
  betterOf(token: Token): Token {
    return this.#held && this.gain(token) < 0 ? this.#held.token : token
  }

  replace(token: Token): void {
    this.#held = { token, changes: changesOf(token, this.#policy) }
  }

  clear(): void {
    this.#held = undefined
  }
}
