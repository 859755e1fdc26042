/** The bytes are not what they have to be: the connection that sent them is closed. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

/** Kafka's primitive types, read; `flexible` as in Writer. Whatever does not fit is a MalformedError. */
export class Reader {
  readonly flexible: boolean
  readonly #buffer: Buffer
  #at: number

  constructor(buffer: Buffer, flexible = false, at = 0) {
    this.#buffer = buffer
    this.flexible = flexible
    this.#at = at
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.#at
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#skip(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#skip(4))
  }

  int64(): number {
    return Number(this.#buffer.readBigInt64BE(this.#skip(8)))
  }

  boolean(): boolean {
    return this.#buffer[this.#skip(1)] !== 0
  }

  uuid(): Buffer {
    return this.#take(16)
  }

  string(): string | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int16()
    return length === -1 ? null : this.#take(length).toString('utf8')
  }

  bytes(): Buffer | null {
    const length = this.#length()
    return length === -1 ? null : this.#take(length)
  }

  array<T>(read: () => T): T[] | null {
    const length = this.#length()
    if (length === -1) return null
    // Nothing is shorter than a byte: a length that promises more is not worth an allocation.
    if (length < 0 || length > this.#buffer.length - this.#at) throw new MalformedError('array too long')
    return Array.from({ length }, read)
  }

  tags(): void {
    if (!this.flexible) return
    for (let count = this.unsignedVarint(); count > 0; count -= 1) {
      this.unsignedVarint()
      this.#skip(this.unsignedVarint())
    }
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#skip(1)] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedError('varint too long')
  }

  #length(): number {
    return this.flexible ? this.unsignedVarint() - 1 : this.int32()
  }

  #take(length: number): Buffer {
    const at = this.#skip(length)
    return this.#buffer.subarray(at, at + length)
  }

  #skip(length: number): number {
    const at = this.#at
    if (length < 0 || at + length > this.#buffer.length) throw new MalformedError('frame too short')
    this.#at = at + length
    return at
  }
}
