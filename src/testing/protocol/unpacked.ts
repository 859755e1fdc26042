import { MalformedError } from './reader.ts'

/** What snappy and LZ4 write into: literals, and copies of what was written before. */
export class Unpacked {
  readonly #limit: number
  #buffer = Buffer.allocUnsafe(16 * 1024)
  #end = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end)
  }

  literal(from: Buffer, at: number, length: number): void {
    if (at + length > from.length) throw new MalformedError('literal beyond the block')
    const end = this.#grow(length)
    from.copy(this.#buffer, end, at, at + length)
  }

  copy(distance: number, length: number): void {
    if (distance === 0 || distance > this.#end) throw new MalformedError('copy from before the beginning')
    const end = this.#grow(length)
    // Byte by byte: a copy may overlap itself, which is how both formats repeat.
    for (let i = 0; i < length; i += 1) this.#buffer[end + i] = this.#buffer[end + i - distance] as number
  }

  #grow(length: number): number {
    const end = this.#end
    this.#end += length
    if (this.#end > this.#limit) throw new MalformedError('too much decompressed')
    if (this.#end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(this.#end * 2)
      this.#buffer.copy(larger, 0, 0, end)
      this.#buffer = larger
    }
    return end
  }
}
