import { FailureLine } from '../../../src/telemetry/failure-log.ts'
import { createRefresh, type Refresh, type RefreshRequest } from '../../../src/token/refresh.ts'
import type { Signature, TokenSigner } from '../../../src/token/signer.ts'
import { type CachePolicy, TokenCache } from '../../../src/token/token-cache.ts'
import { tokenMetrics } from '../../../src/token/token-metrics.ts'
import type { Random } from '../../publisher/support/random.ts'
import { type FakeRuntime, fakeRuntime } from '../../support/fake-runtime.ts'

/** What the signer does until it is told something else. */
export type Behaviour =
  | 'signs'
  | 'signs_slowly'
  | 'signs_short'
  | 'same_token'
  | 'old_credentials'
  | 'fails_for_now'
  | 'fails_for_good'
  | 'hangs'

/** A cache over a signer that the program holds, and what the model has to see of both. */
export class World {
  readonly runtime: FakeRuntime = fakeRuntime()
  readonly cache: TokenCache
  readonly policy: CachePolicy
  behaviour: Behaviour = 'signs'
  /** Something has gone wrong since the last refresh that went well. */
  trouble = false
  /** Refreshes that run and were not given up. */
  running = 0
  /** More than one at a time. */
  overlapped = false
  /** Background timers that are set. */
  timers = 0
  #signed = 0
  #last: Signature | undefined
  /** The credentials end then, epoch ms. */
  #credentialsEnd = Number.POSITIVE_INFINITY
  readonly #random: Random
  /** Cancel the answers that are on their way. */
  readonly #pauses = new Set<() => void>()

  constructor(random: Random) {
    this.#random = random
    const { runtime } = this
    runtime.random = () => random.next()
    const background = runtime.background.bind(runtime)
    runtime.background = (ms, callback) => {
      this.timers += 1
      const gone = once(() => (this.timers -= 1))
      const cancel = background(ms, () => {
        gone()
        callback()
      })
      return () => {
        gone()
        cancel()
      }
    }
    this.policy = {
      refreshAheadMs: random.one([0, 20_000, 60_000, 600_000]),
      minTokenLifeMs: random.one([0, 10_000, 30_000, 120_000]),
      backgroundRefresh: random.chance(0.7),
      waitInsideWindow: random.chance(0.3),
    }
    const metrics = tokenMetrics('model', 'eu-west-1', 'one')
    const signer: TokenSigner = { sign: () => this.#sign(), credentialsRemainingLife: () => undefined }
    const refresh = createRefresh(signer, metrics, new FailureLine(runtime), runtime)
    this.cache = new TokenCache(this.#counted(refresh), this.policy, metrics, runtime, () => undefined)
  }

  /** The credentials get an end that no later token outlives. */
  endCredentials(inMs: number): void {
    this.#credentialsEnd = this.runtime.now() + inMs
    this.trouble = true
  }

  behave(behaviour: Behaviour): void {
    this.behaviour = behaviour
    if (behaviour === 'signs') this.#credentialsEnd = Number.POSITIVE_INFINITY
    if (behaviour !== 'signs' && behaviour !== 'signs_slowly') this.trouble = true
  }

  #counted(refresh: Refresh): Refresh {
    return async (request: RefreshRequest) => {
      this.running += 1
      const end = once(() => (this.running -= 1))
      request.signal.addEventListener('abort', end)
      this.overlapped ||= this.running > 1
      try {
        const refreshed = await refresh(request)
        const well = this.behaviour === 'signs' || this.behaviour === 'signs_slowly'
        if (well && !refreshed.failed && this.#credentialsEnd === Number.POSITIVE_INFINITY)
          this.trouble = false
        return refreshed
      } finally {
        end()
      }
    }
  }

  /** The process sleeps. What is on its way through the network is lost when that takes long. */
  sleep(ms: number, frozen: boolean): void {
    this.runtime.sleep(ms, { frozen })
    if (ms < 10_000) return
    for (const lose of this.#pauses) lose()
    this.#pauses.clear()
  }

  async #sign(): Promise<Signature> {
    const { behaviour, runtime } = this
    if (behaviour === 'signs_slowly') await this.#pause(this.#random.from(1, 3_000))
    if (behaviour === 'hangs') return new Promise(() => undefined)
    if (behaviour === 'fails_for_now') throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' })
    if (behaviour === 'fails_for_good') throw Object.assign(new Error('no'), { name: 'AccessDenied' })
    if (behaviour === 'same_token' && this.#last) return this.#last
    const life = behaviour === 'signs_short' ? this.#random.from(500, 40_000) : 900_000
    const end = Math.min(runtime.now() + life, this.#credentialsEnd)
    const old = behaviour === 'old_credentials' ? { staleBecause: new Error('STS is down') } : {}
    this.#last = { token: `token-${++this.#signed}`, expiryTime: end, source: 'custom', ...old }
    return this.#last
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#pauses.add(this.runtime.after(ms, resolve))
    })
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}
