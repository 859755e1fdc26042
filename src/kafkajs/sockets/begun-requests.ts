/**
 * kafkajs numbers a request, then encodes it, then writes it. So a number that is left out is that of a request which it
 * still encodes, or keeps in its queue, or could not encode.
 */
export class BegunRequests {
  /** The first number after the last SaslHandshake; without one, the first on this connection: kafkajs counts on. */
  #first: number | undefined
  /** How many with that number or a later one are written. */
  #written = 0
  #missing = 0

  /** How many that were begun before the last SaslHandshake are not written yet. */
  get missing(): number {
    // Fewer than none where one comes that was begun on the connection before.
    return Math.max(0, this.#missing)
  }

  written(id: number): void {
    this.#first ??= id
    if (id < this.#first) this.#missing -= 1
    else this.#written += 1
  }

  handshakeWritten(id: number): void {
    // What is missing since the handshake before will not come any more.
    this.#missing = id - (this.#first ?? id) - this.#written
    this.#first = id + 1
    this.#written = 0
  }
}
