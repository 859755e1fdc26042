import { MalformedError } from './reader.ts'

/** One record, as it came. A header's name may come more than once. */
export interface WireRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  readonly timestamp: number
}

const NO_HEADERS: WireRecord['headers'] = []

/** Reads the records of one batch. */
export class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  records(count: number, baseTimestamp: number): WireRecord[] {
    // The shortest record has seven bytes.
    if (count > this.#bytes.length / 7) throw new MalformedError('more records than bytes')
    const records: WireRecord[] = []
    for (let delta = 0; delta < count; delta += 1) records.push(this.#record(delta, baseTimestamp))
    if (this.#at !== this.#bytes.length) throw new MalformedError('bytes after the last record')
    return records
  }

  #record(offsetDelta: number, baseTimestamp: number): WireRecord {
    const length = this.#varint()
    const end = this.#at + length
    this.#at += 1 // attributes, of which none is in use
    const timestamp = baseTimestamp + this.#varint()
    if (this.#varint() !== offsetDelta) throw new MalformedError('offsets out of order')
    const record = { timestamp, key: this.#field(), value: this.#field(), headers: this.#headers() }
    if (this.#at !== end) throw new MalformedError('a record of another length')
    return record
  }

  #headers(): WireRecord['headers'] {
    const count = this.#varint()
    if (count === 0) return NO_HEADERS
    if (count < 0 || count > this.#bytes.length - this.#at) throw new MalformedError('too many headers')
    const headers: [string, Buffer | null][] = []
    for (let i = 0; i < count; i += 1) {
      const name = this.#field()
      if (name === null) throw new MalformedError('a header without a name')
      headers.push([name.toString('utf8'), this.#field()])
    }
    return headers
  }

  #field(): Buffer | null {
    const length = this.#varint()
    if (length === -1) return null
    const at = this.#at
    if (length < 0 || at + length > this.#bytes.length) throw new MalformedError('record too short')
    this.#at = at + length
    return this.#bytes.subarray(at, this.#at)
  }

  /** Zigzag, of up to ten bytes; exact as far as numbers are. */
  #varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new MalformedError('record too short')
      this.#at += 1
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      factor *= 128
    }
    throw new MalformedError('varint too long')
  }
}
