import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compression, decompress } from '../../../src/testing/protocol/compression.ts'
import { crc32c } from '../../../src/testing/protocol/crc32c.ts'
import { PartitionLog } from '../../../src/testing/protocol/partition-log.ts'
import { MalformedError } from '../../../src/testing/protocol/reader.ts'
import { decodeRecordBatch, type RecordBatch } from '../../../src/testing/protocol/record-batch.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('compression', () => {
  // "abcdefgh" ten times, written by hand after the descriptions of the formats.
  const plain = Buffer.from('abcdefgh'.repeat(10))
  const block = `50 1c 6162636465666768 fe 0800 1e 0800`

  test('snappy, bare and in the frame of snappy-java', () => {
    const framed = hex(`82534e4150505900 00000001 00000001 00000010 ${block}`)
    expect(decompress(Compression.Snappy, hex(block))).toEqual(plain)
    expect(decompress(Compression.Snappy, framed)).toEqual(plain)
  })

  test('LZ4, with a compressed block and one that is not', () => {
    const blocks = '0c000000 8f 6162636465666768 0800 35 03000080 787978 00000000'
    const frame = hex(`04224d18 60 40 00 ${blocks}`)
    expect(decompress(Compression.Lz4, frame)?.toString()).toBe(`${plain}xyx`)
  })

  test.for(Object.values(Compression).filter((kind) => kind !== Compression.None))(
    'kind %i never throws anything else for garbage',
    (kind) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
          try {
            decompress(kind, Buffer.from(bytes))
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError)
          }
        }),
        { numRuns: 1_000 },
      )
    },
  )

  test('a batch that unfolds into too much is malformed', () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
    expect(() => decompress(Compression.Gzip, bomb)).toThrow(MalformedError)
  })
})

describe('a batch', () => {
  test('CRC-32C has its check value', () => {
    expect(crc32c(Buffer.from('123456789'), 0)).toBe(0xe3069283)
  })

  const CODE = {
    none: 0,
    corrupt: 2,
    tooLarge: 10,
    unsupportedCompression: 76,
    invalid: 87,
    transactional: 53,
  }
  const record = hex('0e 00 00 00 01 02 78 00')

  /** One record with the value `x`, and what is to be wrong with it. */
  function batch(
    wrong: { attributes?: number; magic?: number; crc?: number; count?: number; tail?: number } = {},
  ) {
    const bytes = Buffer.concat([Buffer.alloc(61), record, Buffer.alloc(wrong.tail ?? 0)])
    bytes.writeInt32BE(bytes.length - 12, 8)
    bytes.writeInt8(wrong.magic ?? 2, 16)
    bytes.writeInt16BE(wrong.attributes ?? 0, 21)
    bytes.writeInt32BE((wrong.count ?? 1) - 1, 23)
    bytes.writeBigInt64BE(-1n, 43)
    bytes.writeInt32BE(wrong.count ?? 1, 57)
    bytes.writeUInt32BE(wrong.crc ?? crc32c(bytes, 21), 17)
    return bytes
  }

  test('is read', () => {
    const records = [{ key: null, value: Buffer.from('x'), headers: [], timestamp: 0 }]
    expect(decodeRecordBatch(batch(), 7)).toMatchObject({ producerId: -1, records })
  })

  // The codes of Kafka 4.3.1 for the same bytes.
  test.for([
    ['a wrong checksum', batch({ crc: 1 }), CODE.corrupt],
    ['another magic', batch({ magic: 9 }), CODE.corrupt],
    ['an old magic', batch({ magic: 1 }), CODE.invalid],
    ['nothing but zeros', Buffer.alloc(61), CODE.corrupt],
    ['nothing', Buffer.alloc(0), CODE.invalid],
    ['two records announced', batch({ count: 2 }), CODE.invalid],
    ['a control batch', batch({ attributes: 32 }), CODE.invalid],
    ['a transactional batch', batch({ attributes: 16 }), CODE.transactional],
    ['zstd before Produce 7', batch({ attributes: 4 }), CODE.unsupportedCompression],
    ['too many bytes', batch({ tail: 1_048_576 }), CODE.tooLarge],
  ] as const)('%s is refused', ([, bytes, code]) => {
    expect(decodeRecordBatch(bytes, 6)).toMatchObject({ errorCode: code })
  })
})

describe('an idempotent producer', () => {
  const write = (log: PartitionLog, producerEpoch: number, baseSequence: number, count = 1) => {
    const record = { key: null, value: null, headers: [], timestamp: 0 }
    const batch: RecordBatch = {
      producerId: 9,
      producerEpoch,
      baseSequence,
      maxTimestamp: 0,
      records: Array(count).fill(record),
    }
    const { errorCode, baseOffset, duplicate } = log.append(batch)
    return duplicate ? `${baseOffset} again` : errorCode || `${baseOffset}`
  }

  // The error codes are those of Kafka 4.3.1.
  test('is held to its sequence', () => {
    const log = new PartitionLog()
    expect(write(log, 0, 5)).toBe('0')
    expect(write(log, 0, 5)).toBe('0 again')
    expect(write(log, 0, 6, 2)).toBe('1')
    expect(write(log, 0, 9)).toBe(45)
    expect(write(log, 1, 4)).toBe(45)
    expect(write(log, 1, 0)).toBe('3')
    expect(write(log, 0, 8)).toBe(47)
    expect(write(log, 1, -1)).toBe(87)
    expect(log.nextOffset).toBe(4)
  })

  test('five batches are remembered', () => {
    const log = new PartitionLog()
    for (let sequence = 0; sequence < 6; sequence += 1) write(log, 0, sequence)
    expect(write(log, 0, 1)).toBe('1 again')
    expect(write(log, 0, 0)).toBe(45)
  })

  test('the sequence begins again after its last number', () => {
    const log = new PartitionLog()
    expect(write(log, 0, 2_147_483_646, 2)).toBe('0')
    expect(write(log, 0, 0)).toBe('2')
  })
})
