import type { Wire } from './sasl-exchange.ts'

/** Without a request that was missing, the others wait for their places in kafkajs's queue, or will not come. */
const QUIET_MS = 50
const MAX_QUIET_MS = 200
const LOOK_AGAIN_MS = 2

/**
 * When kafkajs has written what it was encoding as it began a re-authentication. It begins no request before the end of
 * it, so that nothing is left then that it could write into the middle.
 */
export class QuietMoment {
  readonly #wire: Wire
  readonly #work: () => void
  readonly #began = performance.now()
  #timer: NodeJS.Timeout | undefined

  constructor(wire: Wire, work: () => void) {
    this.#wire = wire
    this.#work = work
    this.#wait()
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }

  #wait(): void {
    // Never at once: what was encoded while this process was busy is written in this turn of the event loop.
    this.#timer = this.#quiet ? setTimeout(this.#work) : setTimeout(() => this.#wait(), LOOK_AGAIN_MS)
  }

  get #quiet(): boolean {
    if (this.#wire.missing() === 0) return true
    const now = performance.now()
    // The last write may be long ago, where this process was busy: the time before the handshake does not count.
    const last = Math.max(this.#wire.lastWrite(), this.#began)
    return now >= Math.min(last + QUIET_MS, this.#began + MAX_QUIET_MS)
  }
}
