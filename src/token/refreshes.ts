import type { Runtime } from '../base/clocks-and-timers.ts'
import { type KafkaIamError, MskIamTokenError } from '../failures/errors.ts'
import { runInRoot } from '../telemetry/contexts.ts'
import { BackOff } from './back-off.ts'
import type { CurrentToken } from './current-token.ts'
import type { Refresh } from './refresh.ts'
import { RefreshTimer } from './refresh-timer.ts'
import type { RefusedTokens } from './refused-tokens.ts'
import { SharedRefresh } from './shared-refresh.ts'
import type { Token } from './token.ts'
import { tokenError } from './token-error.ts'
import type { RefreshTrigger } from './token-metrics.ts'

export interface RefreshesSettings {
  readonly refresh: Refresh
  readonly current: CurrentToken
  readonly refused: RefusedTokens
  /** Renew by a timer, long before the window opens. */
  readonly byTimer: boolean
  readonly runtime: Runtime
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
 * The refreshes of one provider: one at a time, each adopted where it helps, and when the next one comes.
 *
 *     start ──> running ──> succeeded ──> adopted where it ends later ──> timer: half to 7/10 of the way to the window
 *       ^          │
 *       │          └──────> failed ────> back-off ──> timer: when the back-off is over
 *       │          └ slept through: given up, and nothing has failed
 *       └── a caller, or the timer, once the back-off is over
 */
export class Refreshes {
  readonly backOff: BackOff
  readonly #settings: RefreshesSettings
  readonly #timer: RefreshTimer<Refreshes>
  #running: SharedRefresh | undefined
  /** What the next refresh that a caller without a token waits for is started for. */
  #reason: RefreshTrigger = 'first'
  #closed = false

  constructor(settings: RefreshesSettings) {
    this.#settings = settings
    this.backOff = new BackOff(settings.runtime)
    this.#timer = new RefreshTimer<Refreshes>(this, (refreshes) => refreshes.#onTimer(), settings.runtime)
  }

  get reason(): RefreshTrigger {
    return this.#reason
  }

  /** The refresh to join. One that the process slept through is given up instead. */
  running(): SharedRefresh | undefined {
    if (!this.#running || this.#running.live) return this.#running
    const detail = 'the process slept through the refresh'
    this.#running.abandon(new MskIamTokenError('signer_timeout', { detail }))
    this.#running = undefined
    return undefined
  }

  /** Whether one may be started for the sake of a token that is still good. */
  get mayStart(): boolean {
    return !this.running() && this.backOff.remaining === 0
  }

  /** The signer that gave the same token again is asked at once where that one has ended since: nothing has failed. */
  get mustWait(): boolean {
    return this.backOff.remaining > 0 && (this.backOff.failures > 0 || this.#settings.current.left > 0)
  }

  /** @param awaited a caller waits for it */
  start(trigger: RefreshTrigger, awaited: boolean): SharedRefresh {
    this.#timer.cancel()
    const { refresh, refused, runtime } = this.#settings
    const { credentialsAnew } = refused
    const started = new SharedRefresh(
      refresh,
      {
        trigger,
        awaited,
        credentialsAnew,
        isRefused: (value) => refused.has(value),
        onLate: (token) => this.#adopt(token, 0),
      },
      runtime,
    )
    this.#running = started
    started.refreshed.then(
      ({ token, failed }) => {
        if (credentialsAnew && !failed) refused.credentialsRenewed()
        // What old credentials signed replaces a token only where that helps.
        this.#settle(started, failed, this.#adopt(token, failed ? SAME_END_MS : 0))
      },
      // Whoever waits gets the error; where nobody does, telemetry has it.
      (error) => this.#settle(started, tokenError(error), 0),
    )
    return started
  }

  /** A broker has refused the current token: another one may be had at once. */
  rejected(): void {
    this.#reason = 'rejected'
    this.backOff.end()
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
    this.#running?.abandon(new MskIamTokenError('provider_closed'))
    this.#running = undefined
  }

  /** @returns the lifetime that was gained, ms; it is taken where that is more than `atLeast` */
  #adopt(token: Token, atLeast: number): number {
    const { current, refused } = this.#settings
    if (this.#closed || refused.has(token.value)) return 0
    const gained = current.gain(token)
    if (gained > atLeast) {
      current.replace(token)
      this.#reason = 'expired'
    }
    return gained
  }

  #settle(refresh: SharedRefresh, failure: KafkaIamError | undefined, gained: number): void {
    if (this.#closed || this.#running !== refresh) return
    this.#running = undefined
    this.#schedule(failure ? this.#afterFailure(refresh, failure) : this.#afterSuccess(gained))
  }

  /** In a sleep of the process nothing has failed. */
  #afterFailure(refresh: SharedRefresh, failure: KafkaIamError): number {
    return refresh.live ? this.backOff.failed(failure, this.#settings.current.left) : TIMER_FLOOR_MS
  }

  #afterSuccess(gained: number): number {
    // A signer that gives the same token again must not be asked by every call.
    this.backOff.succeeded(gained < GAIN_MS ? GAIN_MS : 0)
    return this.#untilTimer()
  }

  /** Half to seven tenths of the time until the window opens, so that an outage shows while the token is still valid. */
  #untilTimer(): number {
    const { current, runtime } = this.#settings
    const wait = current.untilWindow * (0.5 + 0.2 * runtime.random())
    return Math.min(TIMER_CAP_MS, Math.max(TIMER_FLOOR_MS, wait))
  }

  #schedule(ms: number): void {
    if (this.#settings.byTimer && !this.#closed) this.#timer.set(ms)
  }

  #onTimer(): void {
    if (this.#closed || this.running()) return
    // Timers ring up to a millisecond early.
    if (this.backOff.remaining > 0) this.#schedule(Math.ceil(this.backOff.remaining))
    else runInRoot(() => this.start('timer', false))
  }
}
