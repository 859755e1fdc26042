import { fullJitter, type Runtime } from '../base/clocks-and-timers.ts'
import type { KafkaIamError } from '../failures/errors.ts'

const BASE_MS = 1_000
const CAP_MS = 30_000
/** Without a token every caller fails meanwhile, so the pause is short. */
const CAP_WITHOUT_TOKEN_MS = 3_000

/**
 * The pause after failed refreshes. After one, the next call tries again at once; from the second in a row on, nothing
 * is tried for a full-jitter moment, so that our retries do not multiply with kafkajs's above and AWS's below.
 */
export class BackOff {
  readonly #runtime: Runtime
  #failures = 0
  #until = 0
  #last: { error: KafkaIamError; at: number } | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  /** The last failure since the last success; `at` in epoch ms. */
  get last(): { error: KafkaIamError; at: number } | undefined {
    return this.#last
  }

  /** Ms until something may be tried; 0 where it may be now. */
  get remaining(): number {
    return Math.max(0, this.#until - this.#runtime.monotonic())
  }

  /**
   * @param left ms that the token in hand still lives: the pause never outlasts it
   * @returns after which time to try again without a caller, ms
   */
  failed(error: KafkaIamError, left: number): number {
    this.#failures += 1
    this.#last = { error, at: this.#runtime.now() }
    const cap = left > 0 ? Math.min(CAP_MS, Math.max(BASE_MS, left / 4)) : CAP_WITHOUT_TOKEN_MS
    const pause = fullJitter(this.#runtime, BASE_MS, this.#failures, cap)
    this.#until = this.#runtime.monotonic() + (this.#failures < 2 ? 0 : pause)
    // Without a token there is nothing left to save: callers try, and the timer only sees the recovery of an idle process.
    return left > 0 ? pause : CAP_MS * (0.5 + 0.5 * this.#runtime.random())
  }

  /** @param pauseMs nothing is tried for so long, all the same */
  succeeded(pauseMs: number): void {
    this.#failures = 0
    this.#last = undefined
    this.#until = this.#runtime.monotonic() + pauseMs
  }

  /** Something has changed: the next call may try. */
  end(): void {
    this.#until = 0
  }
}
