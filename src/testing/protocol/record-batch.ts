import { ErrorCode } from './api.ts'
import { Compression, decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { MalformedError } from './reader.ts'
import { RecordReader, type WireRecord } from './record-reader.ts'

/** A record batch of magic 2, decoded. */
export interface RecordBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** As the producer says. */
  readonly maxTimestamp: number
  readonly records: readonly WireRecord[]
}

/** As Kafka refuses a batch. */
export interface BatchRefused {
  readonly errorCode: number
  /** The log itself looked at the records: only then the answer tells where the log begins. */
  readonly byLog?: boolean
  readonly message?: string
}

/** Where the fields of a batch stand. */
const At = {
  BatchLength: 8,
  AfterLength: 12,
  Magic: 16,
  Crc: 17,
  Attributes: 21,
  LastOffsetDelta: 23,
  BaseTimestamp: 27,
  MaxTimestamp: 35,
  ProducerId: 43,
  ProducerEpoch: 51,
  BaseSequence: 53,
  RecordsCount: 57,
  Records: 61,
} as const

const Attribute = { Compression: 7, Transactional: 16, Control: 32 } as const
const MAGIC = 2
/** Of the oldest format. */
const MIN_BATCH_LENGTH = 14
/** As Kafka's message.max.bytes. */
const MAX_BATCH_BYTES = 1_048_588
/** Produce speaks of zstd from this version on. */
const ZSTD_FROM_VERSION = 7

/** The batch, or how Kafka would refuse it. */
export function decodeRecordBatch(bytes: Buffer | null, produceVersion: number): RecordBatch | BatchRefused {
  if (bytes === null || bytes.length < At.Records) return { errorCode: ErrorCode.InvalidRecord }
  const refused = frameRefused(bytes)
  if (refused !== undefined) return refused
  const attributes = bytes.readInt16BE(At.Attributes)
  if ((attributes & Attribute.Control) !== 0) return { errorCode: ErrorCode.InvalidRecord, byLog: true }
  if ((attributes & Attribute.Transactional) !== 0)
    return { errorCode: ErrorCode.TransactionalIdAuthorizationFailed }
  const compression = attributes & Attribute.Compression
  if (compression === Compression.Zstd && produceVersion < ZSTD_FROM_VERSION)
    return { errorCode: ErrorCode.UnsupportedCompressionType }
  try {
    const records = recordsOf(bytes, compression)
    if (records === undefined) return { errorCode: ErrorCode.UnsupportedCompressionType }
    return {
      producerId: Number(bytes.readBigInt64BE(At.ProducerId)),
      producerEpoch: bytes.readInt16BE(At.ProducerEpoch),
      baseSequence: bytes.readInt32BE(At.BaseSequence),
      maxTimestamp: Number(bytes.readBigInt64BE(At.MaxTimestamp)),
      records,
    }
  } catch (error) {
    if (error instanceof MalformedError) return { errorCode: ErrorCode.InvalidRecord, byLog: true }
    throw error
  }
}

/** What is wrong with the batch before its records are looked at. */
function frameRefused(bytes: Buffer): BatchRefused | undefined {
  const length = bytes.readInt32BE(At.BatchLength)
  const magic = bytes.readInt8(At.Magic)
  if (length < MIN_BATCH_LENGTH) {
    const message = `Record size ${length} is less than the minimum record overhead (${MIN_BATCH_LENGTH})`
    return { errorCode: ErrorCode.CorruptMessage, message }
  }
  if (magic < 0 || magic > MAGIC)
    return { errorCode: ErrorCode.CorruptMessage, message: `Invalid magic found in record: ${magic}` }
  // One batch for each partition, as Kafka demands since Produce 3.
  if (length !== bytes.length - At.AfterLength || magic !== MAGIC)
    return { errorCode: ErrorCode.InvalidRecord }
  if (bytes.length > MAX_BATCH_BYTES) return { errorCode: ErrorCode.MessageTooLarge }
  return bytes.readUInt32BE(At.Crc) === crc32c(bytes, At.Attributes)
    ? undefined
    : { errorCode: ErrorCode.CorruptMessage }
}

function recordsOf(bytes: Buffer, compression: number): WireRecord[] | undefined {
  const count = bytes.readInt32BE(At.RecordsCount)
  if (count < 1 || bytes.readInt32BE(At.LastOffsetDelta) !== count - 1)
    throw new MalformedError('offsets that do not fit the count')
  const decompressed = decompress(compression, bytes.subarray(At.Records))
  if (decompressed === undefined) return undefined
  return new RecordReader(decompressed).records(count, Number(bytes.readBigInt64BE(At.BaseTimestamp)))
}
