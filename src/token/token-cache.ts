import type { SpanContext } from '@opentelemetry/api'
import type { Runtime } from '../base/runtime.ts'
import { copyOf, KafkaIamError, MskIamTokenError } from '../failures/errors.ts'
import { runInRoot } from '../telemetry/contexts.ts'
import { BackOff } from './back-off.ts'
import { CurrentToken } from './current-token.ts'
import type { Refresh } from './refresh.ts'
import { RefreshTimer } from './refresh-timer.ts'
import { RefusedTokens } from './refused-tokens.ts'
import { Flight } from './shared-refresh.ts'
import type { Token } from './token.ts'
import { tokenError } from './token-error.ts'
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

/** A refresh that gains less lifetime than this, ms, has not helped. */
const GAIN_MS = 1_000
/**
 * The same credentials, signed with again, end up to so much later, ms: a signature's date and its lifetime are whole
 * seconds. A token of the same end would look younger, and `MskIamTokenExpiring` would come later.
 */
const SAME_END_MS = 2_000
/** The timer rings no sooner than this, ms, however short the tokens are. */
const TIMER_FLOOR_MS = 5_000
/** And at least so often, ms: Node's timers overflow after 24 days. */
const TIMER_CAP_MS = 3_600_000

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
  readonly backOff: BackOff

  readonly #refresh: Refresh
  readonly #policy: CachePolicy
  readonly #metrics: TokenMetrics
  readonly #runtime: Runtime
  readonly #credentialsLife: () => number | undefined
  readonly #unobserve: () => void
  readonly #refused: RefusedTokens
  readonly #current: CurrentToken
  readonly #timer: RefreshTimer<TokenCache>

  /** What the next refresh that somebody waits for is started for. */
  #reason: RefreshTrigger = 'first'
  #flight: Flight | undefined
  #closed = false

  constructor(
    refresh: Refresh,
    policy: CachePolicy,
    metrics: TokenMetrics,
    runtime: Runtime,
    credentialsLife: () => number | undefined,
  ) {
    this.#refresh = refresh
    this.#policy = policy
    this.#metrics = metrics
    this.#runtime = runtime
    this.#credentialsLife = credentialsLife
    this.backOff = new BackOff(runtime)
    this.#refused = new RefusedTokens(runtime)
    this.#current = new CurrentToken(policy, runtime)
    this.#timer = new RefreshTimer<TokenCache>(this, (cache) => cache.#onTimer(), runtime)
    this.#unobserve = metrics.observe(this)
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
    const hit = this.#current.hit()
    if (!hit) return this.#acquireSlowly()
    this.#count('hit')
    return hit
  }

  /** A broker read this token and refused it: it is not offered again. */
  refuse(token: Token): void {
    this.#refused.add(token)
    if (this.#current.token?.value !== token.value) return
    this.#current.clear()
    this.#reason = 'rejected'
    this.backOff.end()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#timer.cancel()
    this.#unobserve()
    this.#flight?.abandon(new MskIamTokenError('provider_closed'))
    this.#flight = undefined
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
    if (!token) return this.#waitForToken(this.#reason)
    const urgency = this.#current.urgency()
    if (urgency === 'fresh') return { token, result: 'hit' }
    if (urgency === 'must') return this.#waitForToken('expired')
    if (this.#policy.waitInsideWindow) return this.#waitForToken('ahead')
    if (this.#mayStart()) this.#start('ahead', false)
    return { token, result: this.backOff.failures > 0 ? 'stale' : 'refresh_ahead' }
  }

  async #waitForToken(trigger: RefreshTrigger): Promise<Acquired> {
    const running = this.#liveFlight()
    if (!running && this.#mustWait()) return this.#staleOr(this.backOff.last?.error)
    const flight = running ?? this.#start(trigger, true)
    try {
      const { token, failed } = await flight.refreshed
      if (failed) return this.#staleOr(failed)
      // While it was on its way, a broker has refused the same one.
      if (this.#refused.has(token.value)) return this.#acquire()
      const better = this.#current.betterOf(token)
      if (!running) return { token: better, result: 'miss' }
      return { token: better, result: 'joined', ...(flight.span ? { joined: flight.span } : {}) }
    } catch (error) {
      if (this.#closed) throw error
      // The process slept: that says nothing of the signer. Another refresh may run already.
      return flight.live ? this.#staleOr(error) : this.#acquire()
    }
  }

  /** The signer that gave the same token again is asked at once where that one has ended since: nothing has failed. */
  #mustWait(): boolean {
    return this.backOff.remaining > 0 && (this.backOff.failures > 0 || this.#current.left > 0)
  }

  /** The current token as long as it is valid at all, else the failure. */
  #staleOr(error: unknown): Acquired {
    const { token } = this.#current
    if (token && this.#current.left > 0) return { token, result: 'stale' }
    throw error ?? new MskIamTokenError('token_expired')
  }

  /** The refresh to join. One that the process slept through is given up instead. */
  #liveFlight(): Flight | undefined {
    if (!this.#flight || this.#flight.live) return this.#flight
    const detail = 'the process slept through the refresh'
    this.#flight.abandon(new MskIamTokenError('signer_timeout', { detail }))
    this.#flight = undefined
    return undefined
  }

  #mayStart(): boolean {
    return !this.#liveFlight() && this.backOff.remaining === 0
  }

  #start(trigger: RefreshTrigger, awaited: boolean): Flight {
    this.#timer.cancel()
    const credentialsAnew = this.#refused.credentialsAnew
    const flight = new Flight(
      this.#refresh,
      {
        trigger,
        awaited,
        credentialsAnew,
        isRefused: (value) => this.#refused.has(value),
        onLate: (token) => this.#adopt(token, 0),
      },
      this.#runtime,
    )
    this.#flight = flight
    flight.refreshed.then(
      ({ token, failed }) => {
        if (credentialsAnew && !failed) this.#refused.credentialsRenewed()
        // What old credentials signed replaces a token only where that helps.
        this.#settle(flight, failed, this.#adopt(token, failed ? SAME_END_MS : 0))
      },
      // Whoever waits gets the error; where nobody does, telemetry has it.
      (error) => this.#settle(flight, tokenError(error), 0),
    )
    return flight
  }

  /** @returns the lifetime that was gained, ms; it is taken where that is more than `atLeast` */
  #adopt(token: Token, atLeast: number): number {
    if (this.#closed || this.#refused.has(token.value)) return 0
    const gained = this.#current.gain(token)
    if (gained > atLeast) {
      this.#current.replace(token)
      this.#reason = 'expired'
    }
    return gained
  }

  #settle(flight: Flight, failure: KafkaIamError | undefined, gained: number): void {
    if (this.#closed || this.#flight !== flight) return
    this.#flight = undefined
    this.#schedule(failure ? this.#afterFailure(flight, failure) : this.#afterSuccess(gained))
  }

  /** In a sleep of the process nothing has failed. */
  #afterFailure(flight: Flight, failure: KafkaIamError): number {
    return flight.live ? this.backOff.failed(failure, this.#current.left) : TIMER_FLOOR_MS
  }

  #afterSuccess(gained: number): number {
    // A signer that gives the same token again must not be asked by every call.
    this.backOff.succeeded(gained < GAIN_MS ? GAIN_MS : 0)
    return this.#untilTimer()
  }

  /** Half to seven tenths of the time until the window opens, so that an outage shows while the token is still valid. */
  #untilTimer(): number {
    const wait = this.#current.untilWindow * (0.5 + 0.2 * this.#runtime.random())
    return Math.min(TIMER_CAP_MS, Math.max(TIMER_FLOOR_MS, wait))
  }

  #schedule(ms: number): void {
    if (this.#policy.backgroundRefresh && !this.#closed) this.#timer.set(ms)
  }

  #onTimer(): void {
    if (this.#closed || this.#liveFlight()) return
    // Timers ring up to a millisecond early.
    if (this.backOff.remaining > 0) this.#schedule(Math.ceil(this.backOff.remaining))
    else runInRoot(() => this.#start('timer', false))
  }

  #count(result: TokenResult): void {
    this.requests[result] += 1
    this.#metrics.requested(result)
  }
}
