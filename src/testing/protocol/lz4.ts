import { MalformedError } from './reader.ts'
import { Unpacked } from './unpacked.ts'

const MAGIC = 0x184d2204
const Flag = { DictionaryId: 0x01, ContentSize: 0x08, BlockChecksum: 0x10 } as const
const UNCOMPRESSED = 0x80000000

/** LZ4's frame format; checksums are not looked at, since the batch has its own. */
export function decompressLz4(bytes: Buffer, limit: number): Buffer {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new MalformedError('not an LZ4 frame')
  const flags = bytes.readUInt8(4)
  if ((flags & Flag.DictionaryId) !== 0) throw new MalformedError('LZ4 with a dictionary')
  const checksum = (flags & Flag.BlockChecksum) === 0 ? 0 : 4
  let at = 7 + ((flags & Flag.ContentSize) === 0 ? 0 : 8)
  const out = new Unpacked(limit)
  for (;;) {
    const size = bytes.readUInt32LE(at)
    at += 4
    if (size === 0) return out.bytes
    const length = size % UNCOMPRESSED
    if (at + length > bytes.length) throw new MalformedError('LZ4 block beyond the frame')
    if (size >= UNCOMPRESSED) out.literal(bytes, at, length)
    else block(bytes.subarray(at, at + length), out)
    at += length + checksum
  }
}

/** Sequences of literals and a copy; the last is without its copy. */
function block(bytes: Buffer, out: Unpacked): void {
  let at = 0
  const length = (short: number): number => {
    let sum = short
    if (short < 15) return sum
    for (;;) {
      const byte = bytes.readUInt8(at)
      at += 1
      sum += byte
      if (byte < 255) return sum
    }
  }
  while (at < bytes.length) {
    const token = bytes.readUInt8(at)
    at += 1
    const literal = length(token >> 4)
    out.literal(bytes, at, literal)
    at += literal
    if (at >= bytes.length) return
    const distance = bytes.readUInt16LE(at)
    at += 2
    out.copy(distance, length(token & 15) + 4)
  }
}
