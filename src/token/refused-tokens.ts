import type { Runtime } from '../runtime.ts'
import { remainingLife, type Token } from './token.ts'

const MAX_REMEMBERED = 16
const ASK_AGAIN_AFTER_MS = 30_000

/** Tokens that a broker has read and refused: they are not offered again, from wherever they come back. */
export class RefusedTokens {
  readonly #runtime: Runtime
  #tokens: Token[] = []
  #askAgainFrom = 0
  #credentialsAnew = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** The credentials behind a refused token are resolved anew, at most once in 30 s. */
  add(token: Token): void {
    const living = this.#tokens.filter(
      (other) => remainingLife(other, this.#runtime) > 0 && other.value !== token.value,
    )
    this.#tokens = [...living, token].slice(-MAX_REMEMBERED)
    if (this.#runtime.monotonic() >= this.#askAgainFrom) this.#credentialsAnew = true
  }

  has(value: string): boolean {
    return this.#tokens.some((token) => token.value === value)
  }

  /** Whether the next refresh has to resolve the credentials anew; until one has done so. */
  get credentialsAnew(): boolean {
    return this.#credentialsAnew
  }

  credentialsRenewed(): void {
    this.#credentialsAnew = false
    this.#askAgainFrom = this.#runtime.monotonic() + ASK_AGAIN_AFTER_MS
  }
}
