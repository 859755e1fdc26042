/** How long a broker takes for its answers to one exchange, all in all. What this process takes itself does not count. */
export class AnswerClock {
  readonly #limit: number
  readonly #onLimit: () => void
  #before = 0
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param limit ms */
  constructor(limit: number, onLimit: () => void) {
    this.#limit = limit
    this.#onLimit = onLimit
  }

  /** A request has been written. */
  start(): void {
    this.stop()
    this.#since = performance.now()
    this.#timer = setTimeout(this.#onLimit, Math.max(0, this.#limit - this.#before))
    // The socket keeps the process alive as long as anybody needs it.
    this.#timer.unref()
  }

  /** It has been answered, or will not be any more. */
  stop(): void {
    this.#before = this.waited
    this.#since = undefined
    clearTimeout(this.#timer)
  }

  /** The broker has answered something else: it was busy with what was written before. */
  restart(): void {
    if (!this.running) return
    this.#before = 0
    this.#since = undefined
    this.start()
  }

  get running(): boolean {
    return this.#since !== undefined
  }

  /** ms */
  get waited(): number {
    return this.#before + (this.#since === undefined ? 0 : performance.now() - this.#since)
  }
}
