import { createHash } from 'node:crypto'
import type { Runtime } from '../base/clocks-and-timers.ts'
import type { Token } from './token.ts'

const MAX_REMEMBERED = 1_000
const ASK_AGAIN_AFTER_MS = 30_000

/**
 * Tokens that a broker has read and refused: they are not offered again, from wherever they come back. However old one
 * is, it is not forgotten for that: the wall clock can go back, and then it is valid again. Only digests are kept.
 */
export class RefusedTokens {
  readonly #runtime: Runtime
  readonly #digests = new Set<string>()
  #askAgainFrom = 0
  #credentialsAnew = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** The credentials behind a refused token are resolved again, at most once in 30 s. */
  add({ value }: Token): void {
    const digest = digestOf(value)
    this.#digests.delete(digest)
    this.#digests.add(digest)
    const [oldest] = this.#digests
    if (this.#digests.size > MAX_REMEMBERED && oldest !== undefined) this.#digests.delete(oldest)
    if (this.#runtime.monotonic() >= this.#askAgainFrom) this.#credentialsAnew = true
  }

  has(value: string): boolean {
    return this.#digests.size > 0 && this.#digests.has(digestOf(value))
  }

  /** Whether the next refresh has to resolve the credentials again; until one has done so. */
  get credentialsAnew(): boolean {
    return this.#credentialsAnew
  }

  credentialsRenewed(): void {
    this.#credentialsAnew = false
    this.#askAgainFrom = this.#runtime.monotonic() + ASK_AGAIN_AFTER_MS
  }
}

const digestOf = (value: string): string => createHash('sha256').update(value).digest('base64')
