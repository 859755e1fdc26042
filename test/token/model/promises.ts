import { remainingLife, type Token } from '../../../src/token/token.ts'
import type { Acquired } from '../../../src/token/token-cache.ts'
import { changesOf, urgency } from '../../../src/token/urgency.ts'
import type { World } from './world.ts'

const RESULTS = ['hit', 'refresh_ahead', 'stale', 'miss', 'joined', 'error'] as const
/** A refresh ends by itself after 8 s; two of them, and what follows them. */
const LONGEST_WAIT_MS = 20_000

/** Watches the answers that a cache gives, and knows what it has promised. */
export class Promises {
  readonly broken: string[] = []
  /** Tokens that somebody holds and can have refused. */
  readonly given: Token[] = []
  readonly #world: World
  readonly #refused = new Set<string>()
  readonly #errors = new WeakSet<object>()
  readonly #waiting = new Map<number, number>()
  readonly #answers: Record<string, number> = Object.fromEntries(RESULTS.map((result) => [result, 0]))
  #calls = 0
  #left = 0
  #at = 0

  constructor(world: World) {
    this.#world = world
  }

  call(): void {
    const { cache, runtime } = this.#world
    const call = ++this.#calls
    this.#waiting.set(call, runtime.monotonic())
    cache.acquire().then(
      (acquired) => {
        this.#answered(call, acquired.result)
        this.#onToken(acquired)
      },
      (error: unknown) => {
        this.#answered(call, 'error')
        this.#onError(error)
      },
    )
  }

  refuse(token: Token): void {
    this.#refused.add(token.value)
    this.#world.cache.refuse(token)
    this.#world.trouble = true
    this.forget()
  }

  /** The clocks have moved without the cache, or its token was taken from it: what it holds may be worth less now. */
  forget(): void {
    this.#left = 0
    // A caller whose wait the process slept through waits anew.
    for (const call of this.#waiting.keys()) this.#waiting.set(call, this.#world.runtime.monotonic())
  }

  /** After each step, when everything that was ready has run. */
  check(): void {
    const { cache, runtime, policy } = this.#world
    this.#expect(!this.#world.overlapped, 'two refreshes at a time')
    for (const result of RESULTS) {
      const counted = cache.requests[result]
      this.#expect(
        counted === this.#answers[result],
        `${result}: ${counted} counted, ${this.#answers[result]} answered`,
      )
    }
    for (const [call, since] of this.#waiting) {
      this.#expect(runtime.monotonic() - since < LONGEST_WAIT_MS, `call ${call} is not answered`)
    }
    const left = (cache.tokenState().remainingLifetime ?? 0) * 1000
    const due = this.#left - (runtime.monotonic() - this.#at)
    this.#expect(left >= due - 1, `a token with ${due} ms was replaced by one with ${left} ms`)
    this.#left = left
    this.#at = runtime.monotonic()
    const idle = this.#world.running === 0 && this.#calls > 0 && !cache.closed
    if (idle && policy.backgroundRefresh && this.#calls > this.#waiting.size)
      this.#expect(this.#world.timers === 1, `${this.#world.timers} timers are set`)
    if (cache.closed) this.#expect(this.#world.timers === 0, 'a closed cache has a timer')
  }

  /** @param all of them have to be answered now */
  end(all: number): void {
    this.#expect(this.#waiting.size === 0, `${this.#waiting.size} of ${all} calls were never answered`)
  }

  #answered(call: number, result: string): void {
    this.#expect(this.#waiting.delete(call), `call ${call} was answered twice`)
    this.#answers[result] = (this.#answers[result] ?? 0) + 1
  }

  #onToken({ token, result }: Acquired): void {
    const { cache, policy, runtime } = this.#world
    if (this.given.push(token) > 20) this.given.shift()
    this.#expect(!this.#refused.has(token.value), `${result}: a refused token`)
    const left = remainingLife(token, runtime)
    const held = (cache.tokenState().remainingLifetime ?? 0) * 1000
    if (result !== 'miss') this.#expect(left > 0, `${result}: a token that has ended`)
    this.#expect(left >= held - 1, `${result}: ${left} ms left, while ${held} ms were held`)
    const state = urgency(changesOf(token, policy), runtime.now(), runtime.monotonic())
    if (result === 'hit') this.#expect(state === 'fresh', `hit: ${state}`)
    if (result === 'refresh_ahead') this.#expect(state === 'should', `refresh_ahead: ${state}`)
    if (result === 'stale') this.#expect(this.#world.trouble, 'stale, though nothing had failed')
  }

  #onError(error: unknown): void {
    const { cache } = this.#world
    const { code } = error as { code?: string }
    this.#expect(!this.#errors.has(error as object), 'two callers got the same error object')
    this.#errors.add(error as object)
    if (cache.closed) {
      this.#expect(code === 'provider_closed', `${code} of a closed cache`)
      return
    }
    const left = cache.tokenState().remainingLifetime ?? 0
    this.#expect(left === 0, `${code}, while a token with ${left} s was held`)
    this.#expect(this.#world.trouble, `${code}, though nothing had failed`)
  }

  #expect(kept: boolean, what: string): void {
    if (!kept) this.broken.push(what)
  }
}
