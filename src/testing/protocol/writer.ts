/** Kafka's primitive types; `flexible` chooses the compact ones, so that one description serves all versions. */

const NULL_UUID = Buffer.alloc(16)
const FIRST_SIZE = 256

export class Writer {
  readonly flexible: boolean
  #buffer = Buffer.allocUnsafe(FIRST_SIZE)
  #end = 0

  constructor(flexible: boolean) {
    this.flexible = flexible
  }

  int8(value: number): this {
    const at = this.#grow(1)
    this.#buffer.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#grow(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#grow(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  int64(value: number): this {
    const at = this.#grow(8)
    this.#buffer.writeBigInt64BE(BigInt(value), at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  uuid(value: Buffer = NULL_UUID): this {
    return this.raw(value)
  }

  string(value: string | null): this {
    if (value === null) return this.flexible ? this.unsignedVarint(0) : this.int16(-1)
    const length = Buffer.byteLength(value)
    if (this.flexible) this.unsignedVarint(length + 1)
    else this.int16(length)
    const at = this.#grow(length)
    this.#buffer.write(value, at)
    return this
  }

  bytes(value: Buffer): this {
    if (this.flexible) this.unsignedVarint(value.length + 1)
    else this.int32(value.length)
    return this.raw(value)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    if (this.flexible) this.unsignedVarint(items.length + 1)
    else this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  int32s(items: readonly number[]): this {
    return this.array(items, (item) => this.int32(item))
  }

  /** No tagged fields, where the version has room for them. */
  tags(): this {
    return this.flexible ? this.unsignedVarint(0) : this
  }

  unsignedVarint(value: number): this {
    let rest = value
    while (rest > 0x7f) {
      this.int8(((rest & 0x7f) | 0x80) - 0x100)
      rest >>>= 7
    }
    return this.int8(rest)
  }

  raw(value: Buffer): this {
    const at = this.#grow(value.length)
    value.copy(this.#buffer, at)
    return this
  }

  /** What was written, its first four bytes replaced by the length of the rest. */
  frame(): Buffer {
    this.#buffer.writeInt32BE(this.#end - 4, 0)
    return this.#buffer.subarray(0, this.#end)
  }

  #grow(length: number): number {
    const at = this.#end
    this.#end += length
    if (this.#end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(this.#end * 2)
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
}
