/** So many in one second, at each broker by itself. */
export class RateLimit {
  readonly #perSecond: number
  /** When the last ones came, by broker. */
  readonly #recent = new Map<number, number[]>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** False where it is one too many, which then does not count. */
  admits(broker: number, now: number): boolean {
    const recent = (this.#recent.get(broker) ?? []).filter((at) => now - at < 1000)
    const admitted = recent.length < this.#perSecond
    this.#recent.set(broker, admitted ? [...recent, now] : recent)
    return admitted
  }
}
