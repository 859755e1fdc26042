import type { SpanContext } from '@opentelemetry/api'
import { MskIamTokenError } from '../failures/errors.ts'
import type { Runtime } from '../runtime.ts'
import { runInRoot } from '../telemetry/contexts.ts'
import type { TokenResult } from '../types.ts'
import { BackOff } from './back-off.ts'
import { Flight } from './flight.ts'
import type { Refresh } from './refresh.ts'
import { RefusedTokens } from './refused-tokens.ts'
import { age, remainingLife, type Token } from './token.ts'
import { tokenError } from './token-error.ts'
import type { Observed, RefreshTrigger, TokenMetrics, TokenState } from './token-metrics.ts'

export interface CachePolicy {
  /** A token with less life than this, ms, is renewed behind the caller's back. */
  readonly refreshAheadMs: number
  /** A token with less life than this, ms, is not handed out while a better one can be had. */
  readonly minTokenLifeMs: number
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

/** A refresh that gains less life than this, ms, has not helped. */
const GAIN_MS = 1_000
/**
 * The same credentials, signed with again, end up to so much later, ms: a signature's date and its life are whole
 * seconds. A token of the same end would look younger, and `MskIamTokenExpiring` would come later.
 */
const SAME_END_MS = 2_000
/** The timer rings no sooner than this, ms, however short the tokens are. */
const TIMER_FLOOR_MS = 5_000
/** And at least so often, ms: Node's timers overflow after 24 days. */
const TIMER_CAP_MS = 3_600_000

/**
 * The current token and the refresh under way. **Must** refresh: no token, or one below the floor; the caller waits,
 * and all wait for one refresh. **Should** refresh: inside the window; the caller gets the current token at once, and a
 * refresh runs behind it. **Fresh**: the current token. A refresh that fails never costs a token that still lives.
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

  #token: Token | undefined
  /** What the next refresh that somebody waits for is started for. */
  #reason: RefreshTrigger = 'first'
  #flight: Flight | undefined
  #cancelTimer: (() => void) | undefined
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
    this.#unobserve = metrics.observe(this)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** A token to use now. @throws KafkaIamError when none can be had, or the cache is closed */
  async acquire(): Promise<Acquired> {
    try {
      const acquired = await this.#acquire()
      this.#count(acquired.result)
      return acquired
    } catch (error) {
      this.#count('error')
      throw error
    }
  }

  /** A broker read this token and refused it: it is not offered again. */
  refuse(token: Token): void {
    this.#refused.add(token)
    if (this.#token?.value !== token.value) return
    this.#token = undefined
    this.#reason = 'rejected'
    this.backOff.end()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer?.()
    this.#unobserve()
    this.#flight?.abandon(new MskIamTokenError('provider_closed'))
    this.#flight = undefined
    this.#token = undefined
  }

  tokenState(): TokenState {
    const token = this.#token
    const credentials = this.#credentialsLife()
    // A token that a broker refused is not one that could not be had: the next call signs a new one.
    const without = this.backOff.failures > 0 ? 0 : undefined
    return {
      age: token && age(token, this.#runtime) / 1000,
      remainingLifetime: token ? this.#left() / 1000 : without,
      credentialsRemainingLifetime: credentials === undefined ? undefined : Math.max(0, credentials) / 1000,
      consecutiveFailures: this.backOff.failures,
      backgroundRefresh: this.#policy.backgroundRefresh,
    }
  }

  async #acquire(): Promise<Acquired> {
    if (this.#closed) throw new MskIamTokenError('provider_closed')
    const token = this.#token
    if (!token) return this.#waitForToken(this.#reason)
    const left = this.#left()
    if (left > this.#windowOf(token)) return { token, result: 'hit' }
    if (left <= this.#floorOf(token)) return this.#waitForToken('expired')
    if (this.#policy.waitInsideWindow) return this.#waitForToken('ahead')
    if (this.#mayStart()) this.#start('ahead', false)
    return { token, result: this.backOff.failures > 0 ? 'stale' : 'refresh_ahead' }
  }

  async #waitForToken(trigger: RefreshTrigger): Promise<Acquired> {
    const running = this.#liveFlight()
    if (!running && this.backOff.remaining > 0) return this.#staleOr(this.backOff.last?.error)
    const flight = running ?? this.#start(trigger, true)
    try {
      const { token, failed } = await flight.refreshed
      if (failed) return this.#staleOr(failed)
      if (!running) return { token, result: 'miss' }
      return { token, result: 'joined', ...(flight.span ? { joined: flight.span } : {}) }
    } catch (error) {
      if (this.#closed) throw error
      return this.#staleOr(error)
    }
  }

  /** The current token as long as it lives at all, else the failure. */
  #staleOr(error: unknown): Acquired {
    if (this.#token && this.#left() > 0) return { token: this.#token, result: 'stale' }
    throw error ?? new MskIamTokenError('token_expired')
  }

  #left(): number {
    return this.#token ? Math.max(0, remainingLife(this.#token, this.#runtime)) : 0
  }

  #floorOf(token: Token): number {
    return Math.min(this.#policy.minTokenLifeMs, 0.6 * token.lifetime)
  }

  #windowOf(token: Token): number {
    return Math.max(Math.min(this.#policy.refreshAheadMs, 0.75 * token.lifetime), this.#floorOf(token))
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
    this.#cancelTimer?.()
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
        this.#settle(flight, failed, this.#adopt(token, failed ? SAME_END_MS : -GAIN_MS))
      },
      // Whoever waits is told; where nobody does, telemetry has been.
      (error) => this.#settle(flight, tokenError(error), 0),
    )
    return flight
  }

  /** Takes a token in place of the current one if it lives longer by `atLeast` ms; tells how much life was gained, ms. */
  #adopt(token: Token, atLeast: number): number {
    if (this.#closed || this.#refused.has(token.value)) return 0
    const gained = remainingLife(token, this.#runtime) - this.#left()
    if (gained > atLeast) {
      this.#token = token
      this.#reason = 'expired'
    }
    return gained
  }

  #settle(flight: Flight, failure: ReturnType<typeof tokenError> | undefined, gained: number): void {
    if (this.#closed || this.#flight !== flight) return
    this.#flight = undefined
    if (failure) {
      this.#schedule(this.backOff.failed(failure, this.#left()))
      return
    }
    // A signer that gives the same token again must not be asked by every call.
    this.backOff.succeeded(gained < GAIN_MS ? GAIN_MS : 0)
    this.#schedule(this.#untilTimer())
  }

  /** Half to seven tenths of the time until the window opens, so that an outage shows while there is life left. */
  #untilTimer(): number {
    const untilWindow = this.#token ? this.#left() - this.#windowOf(this.#token) : 0
    return Math.min(
      TIMER_CAP_MS,
      Math.max(TIMER_FLOOR_MS, untilWindow * (0.5 + 0.2 * this.#runtime.random())),
    )
  }

  #schedule(ms: number): void {
    if (!this.#policy.backgroundRefresh || this.#closed) return
    this.#cancelTimer?.()
    const ring = TokenCache.#ring(new WeakRef(this))
    this.#cancelTimer = runInRoot(() => this.#runtime.background(ms, ring))
  }

  /**
   * What a timer calls: it holds the cache weakly, so that a provider that nobody uses any more is let go. Made apart,
   * since closures of one function share what any of them captures.
   */
  static #ring(cache: WeakRef<TokenCache>): () => void {
    return () => {
      const held = cache.deref()
      if (held) held.#onTimer()
    }
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
