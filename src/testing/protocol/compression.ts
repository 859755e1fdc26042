import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { decompressLz4 } from './lz4.ts'
import { MalformedError } from './reader.ts'
import { decompressSnappy } from './snappy.ts'

/** The lowest three bits of a batch's attributes. */
export const Compression = { None: 0, Gzip: 1, Snappy: 2, Lz4: 3, Zstd: 4 } as const

/** A megabyte of zeros compresses to nothing: no batch may unfold into more than this. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

/** The records of a batch, decompressed; undefined where Kafka knows no such compression. */
export function decompress(compression: number, bytes: Buffer): Buffer | undefined {
  try {
    switch (compression) {
      case Compression.None:
        return bytes
      case Compression.Gzip:
        return gunzipSync(bytes, { maxOutputLength: MAX_DECOMPRESSED_BYTES })
      case Compression.Snappy:
        return decompressSnappy(bytes, MAX_DECOMPRESSED_BYTES)
      case Compression.Lz4:
        return decompressLz4(bytes, MAX_DECOMPRESSED_BYTES)
      case Compression.Zstd:
        return zstdDecompressSync(bytes, {
          maxOutputLength: MAX_DECOMPRESSED_BYTES,
          params: { [constants.ZSTD_d_windowLogMax]: 27 },
        })
      default:
        return undefined
    }
  } catch (cause) {
    throw new MalformedError('records that do not decompress', { cause })
  }
}
