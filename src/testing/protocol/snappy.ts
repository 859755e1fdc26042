import { MalformedError } from './reader.ts'
import { Unpacked } from './unpacked.ts'

/** snappy-java's stream: this, two versions of 4 bytes, then blocks with their lengths. Java and kafkajs's codec use it. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

/** The kind of a tag, its lowest two bits; the others are copies. */
const LITERAL = 0

export function decompressSnappy(bytes: Buffer, limit: number): Buffer {
  const out = new Unpacked(limit)
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) block(bytes, out)
  for (let at = XERIAL.length + 8; at < bytes.length && bytes.indexOf(XERIAL) === 0; ) {
    const length = bytes.readInt32BE(at)
    if (length < 0) throw new MalformedError('snappy block of a negative length')
    block(bytes.subarray(at + 4, at + 4 + length), out)
    at += 4 + length
  }
  return out.bytes
}

/** One block: its length decompressed, then literals and copies of what came before. */
function block(bytes: Buffer, out: Unpacked): void {
  let at = 0
  while ((bytes[at] ?? 0) >= 0x80) at += 1
  at += 1
  while (at < bytes.length) {
    const tag = bytes[at] as number
    at = (tag & 3) === LITERAL ? literal(tag, bytes, at + 1, out) : copy(tag, bytes, at + 1, out)
  }
}

/** A literal's length is in its tag, or in the 1 to 4 bytes after it. @returns where the next tag is */
function literal(tag: number, bytes: Buffer, at: number, out: Unpacked): number {
  const short = tag >> 2
  const extra = short < 60 ? 0 : short - 59
  const length = (extra === 0 ? short : bytes.readUIntLE(at, extra)) + 1
  out.literal(bytes, at + extra, length)
  return at + extra + length
}

/** A copy's distance is in the 1, 2 or 4 bytes after its tag; the shortest has three bits more in the tag. @returns where the next tag is */
function copy(tag: number, bytes: Buffer, at: number, out: Unpacked): number {
  const kind = tag & 3
  if (kind === 1) {
    out.copy(((tag & 0xe0) << 3) | bytes.readUInt8(at), ((tag >> 2) & 7) + 4)
    return at + 1
  }
  const width = kind === 2 ? 2 : 4
  out.copy(bytes.readUIntLE(at, width), (tag >> 2) + 1)
  return at + width
}
