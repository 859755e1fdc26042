import type { Wire } from './sasl-exchange.ts'

/** Between the writes of requests that are encoded one beside the other. */
const QUIET_MS = 20
const MAX_QUIET_MS = 200

/**
 * When kafkajs has written what it was encoding as it began a re-authentication. It begins no request before the end of
 * it, so that nothing is left then that it could write into the middle.
 */
export class QuietMoment {
  readonly #wire: Wire
  readonly #work: () => void
  readonly #latest = performance.now() + MAX_QUIET_MS
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
    const left = Math.min(this.#wire.lastWrite() + QUIET_MS, this.#latest) - performance.now()
    this.#timer = left > 0 ? setTimeout(() => this.#wait(), left) : setTimeout(this.#work)
  }
}
