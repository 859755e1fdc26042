import { MalformedError } from './reader.ts'

/** Cuts a stream into frames: a 4-byte length, then as many bytes. What arrives whole is not copied. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0
  #needed = 4

  /** How many bytes wait. */
  get length(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The next frame that has arrived whole, without its length. One that says it is longer than the limit is malformed. */
  next(limit: number): Buffer | undefined {
    if (this.#length < this.#needed) return undefined
    const bytes = this.#joined()
    const size = bytes.readInt32BE(0)
    if (size < 0 || size > limit) throw new MalformedError(`frame of ${size} bytes`)
    this.#needed = 4 + size
    if (bytes.length < this.#needed) return undefined
    const frame = bytes.subarray(4, this.#needed)
    const rest = bytes.subarray(this.#needed)
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#length = rest.length
    this.#needed = 4
    return frame
  }

  /** Chunks are joined when all of a frame is here, and not as each arrives. */
  #joined(): Buffer {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks, this.#length)
    this.#chunks = [joined]
    return joined
  }
}
