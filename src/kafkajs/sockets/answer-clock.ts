/**
 * How long a broker takes for its answers to one exchange, all in all. What this process takes itself does not count, nor
 * what the broker takes for requests that were written before: it answers one after the other.
 */
export class AnswerClock {
  readonly #limit: number
  readonly #onLimit: () => void
  #before = 0
  #since: number | undefined
  /** The request whose answer is to come before. */
  #after: number | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param limit ms */
  constructor(limit: number, onLimit: () => void) {
    this.#limit = limit
    this.#onLimit = onLimit
  }

  /** A request has been written. @param after of the last request before it that is not answered yet */
  start(after?: number): void {
    this.stop()
    this.#after = after
    if (after === undefined) this.#run()
  }

  /** Another request has been answered. */
  answered(id: number): void {
    if (id !== this.#after) return
    this.#after = undefined
    this.#run()
  }

  #run(): void {
    this.#since = performance.now()
    this.#timer = setTimeout(this.#onLimit, Math.max(0, this.#limit - this.#before))
    // The socket keeps the process alive as long as anybody needs it.
    this.#timer.unref()
  }

  /** It has been answered, or will not be any more. */
  stop(): void {
    this.#before = this.waited
    this.#since = undefined
    this.#after = undefined
    clearTimeout(this.#timer)
  }

  get running(): boolean {
    return this.#since !== undefined
  }

  /** ms */
  get waited(): number {
    return this.#before + (this.#since === undefined ? 0 : performance.now() - this.#since)
  }
}
