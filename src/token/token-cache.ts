import type { SpanContext } from '@opentelemetry/api'
import type { Runtime } from '../base/clocks-and-timers.ts'
import { copyOf, KafkaIamError, MskIamTokenError } from '../failures/errors.ts'
import type { BackOff } from './back-off.ts'
import { CurrentToken } from './current-token.ts'
import type { Refresh } from './refresh.ts'
import { Refreshes } from './refreshes.ts'
import { RefusedTokens } from './refused-tokens.ts'
import type { Token } from './token.ts'
import type { Observed, RefreshTrigger, TokenMetrics, TokenState } from './token-metrics.ts'
import type { TokenResult } from './types.ts'
import type { RefreshPolicy } from './urgency.ts'

export interface CachePolicy extends RefreshPolicy {
  /** Renew by a timer, long before the window opens. */
  readonly backgroundRefresh: boolean
  /** Where nothing runs between calls (Lambda), a refresh inside the window is waited for. */
  readonly waitInsideWindow: boolean
}

/** What a caller got. */
export interface Acquired {
  readonly token: Token
  readonly result: TokenResult
  /** The refresh that another caller had started. */
  readonly joined?: SpanContext
}

/**
 * Hands out the current token as its urgency says (urgency.ts), and runs one refresh at a time, which all who wait
 * share. A refresh that fails never costs a token that is still valid, and nobody gets a token that ends sooner than
 * the one that is held.
 */
export class TokenCache implements Observed {
  /** Calls so far, by what they got. */
  readonly requests: Record<TokenResult, number> = {
    hit: 0,
    refresh_ahead: 0,
    stale: 0,
    miss: 0,
    joined: 0,
    error: 0,
  }

  readonly #policy: CachePolicy
  readonly #metrics: TokenMetrics
  readonly #credentialsLife: () => number | undefined
  readonly #unobserve: () => void
  readonly #refused: RefusedTokens
  readonly #current: CurrentToken
  readonly #refreshes: Refreshes
  #closed = false

  constructor(
    refresh: Refresh,
    policy: CachePolicy,
    metrics: TokenMetrics,
    runtime: Runtime,
    credentialsLife: () => number | undefined,
  ) {
    this.#policy = policy
    this.#metrics = metrics
    this.#credentialsLife = credentialsLife
    this.#refused = new RefusedTokens(runtime)
    this.#current = new CurrentToken(policy, runtime)
    this.#refreshes = new Refreshes({
      refresh,
      current: this.#current,
      refused: this.#refused,
      byTimer: policy.backgroundRefresh,
      runtime,
    })
    this.#unobserve = metrics.observe(this)
  }

  get backOff(): BackOff {
    return this.#refreshes.backOff
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * A token to use now.
   *
   * @throws KafkaIamError when none can be had, or the cache is closed; each caller gets an error of its own
   */
  acquire(): Promise<Acquired> {
    const token = this.hit()
    return token ? Promise.resolve({ token, result: 'hit' }) : this.#acquireSlowly()
  }

  /** The token while it is fresh: nothing is to be waited for, and nothing but two clocks looked at. */
  hit(): Token | undefined {
    const token = this.#current.fresh()
    if (token) this.#count('hit')
    return token
  }

  /** A broker read this token and refused it: it is not offered again. */
  refuse(token: Token): void {
    this.#refused.add(token)
    if (this.#current.token?.value !== token.value) return
    this.#current.clear()
    this.#refreshes.rejected()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unobserve()
    this.#refreshes.close()
    this.#current.clear()
  }

  tokenState(): TokenState {
    const age = this.#current.age
    const credentials = this.#credentialsLife()
    // A token that a broker refused is not one that could not be had: the next call signs a new one.
    const without = this.backOff.failures > 0 ? 0 : undefined
    return {
      age: age === undefined ? undefined : age / 1000,
      remainingLifetime: age === undefined ? without : this.#current.left / 1000,
      credentialsRemainingLifetime: credentials === undefined ? undefined : Math.max(0, credentials) / 1000,
      consecutiveFailures: this.backOff.failures,
      backgroundRefresh: this.#policy.backgroundRefresh,
    }
  }

  async #acquireSlowly(): Promise<Acquired> {
    try {
      const acquired = this.#best(await this.#acquire())
      this.#count(acquired.result)
      return acquired
    } catch (error) {
      this.#count('error')
      // Clients write into errors; those who share a refresh share nothing else.
      throw error instanceof KafkaIamError ? copyOf(error) : error
    }
  }

  /** A refresh may have ended since it was decided what a caller gets, whose promises take their turns. */
  #best(acquired: Acquired): Acquired {
    const token = this.#current.betterOf(acquired.token)
    return token === acquired.token ? acquired : { token, result: 'joined' }
  }

  async #acquire(): Promise<Acquired> {
    if (this.#closed) throw new MskIamTokenError('provider_closed')
    const { token } = this.#current
    if (!token) return this.#waitForToken(this.#refreshes.reason)
    const urgency = this.#current.urgency()
    if (urgency === 'fresh') return { token, result: 'hit' }
    if (urgency === 'must') return this.#waitForToken('expired')
    if (this.#policy.waitInsideWindow) return this.#waitForToken('ahead')
    if (this.#refreshes.mayStart) this.#refreshes.start('ahead', false)
    return { token, result: this.backOff.failures > 0 ? 'stale' : 'refresh_ahead' }
  }

  async #waitForToken(trigger: RefreshTrigger): Promise<Acquired> {
    const running = this.#refreshes.running()
    if (!running && this.#refreshes.mustWait) return this.#staleOr(this.backOff.last?.error)
    const refresh = running ?? this.#refreshes.start(trigger, true)
    try {
      const { token, failed } = await refresh.refreshed
      if (failed) return this.#staleOr(failed)
      // While it was on its way, a broker has refused the same one.
      if (this.#refused.has(token.value)) return this.#acquire()
      const better = this.#current.betterOf(token)
      if (!running) return { token: better, result: 'miss' }
      return { token: better, result: 'joined', ...(refresh.span ? { joined: refresh.span } : {}) }
    } catch (error) {
      if (this.#closed) throw error
      // The process slept: that says nothing of the signer. Another refresh may run already.
      return refresh.live ? this.#staleOr(error) : this.#acquire()
    }
  }

  /** The current token as long as it is valid at all, else the failure. */
  #staleOr(error: unknown): Acquired {
    const { token } = this.#current
    if (token && this.#current.left > 0) return { token, result: 'stale' }
    throw error ?? new MskIamTokenError('token_expired')
  }

  #count(result: TokenResult): void {
    this.requests[result] += 1
    this.#metrics.requested(result)
  }
}
