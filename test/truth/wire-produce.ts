/** Batches by hand, and what becomes of them. */
import { ApiKey } from '../../src/testing/protocol/api.ts'
import { crc32c } from '../../src/testing/protocol/crc32c.ts'
import type { Reader } from '../../src/testing/protocol/reader.ts'
import { int16, int32, type RawClient } from '../testing/protocol/support.ts'
import { answer, next, string16 } from './wire.ts'

interface ProduceTo {
  readonly version?: number
  readonly acks?: number
  readonly topic: string
  readonly partition?: number
  readonly records: Buffer | null
}

/** Produce 3 to 8 of one batch: the answer, field by field. */
export async function produce(client: RawClient, to: ProduceTo): Promise<string> {
  const { version = 8, acks = 1, topic, partition = 0, records } = to
  const partitionData = [
    int32(partition),
    records === null ? int32(-1) : Buffer.concat([int32(records.length), records]),
  ]
  const topicData = [int32(1), string16(topic), int32(1), ...partitionData]
  client.request(ApiKey.Produce, version, Buffer.concat([int16(-1), int16(acks), int32(1_000), ...topicData]))
  if (acks === 0) {
    // Not answered, so that a second request tells whether the connection lived on.
    client.request(ApiKey.Metadata, 1, int32(0))
    return next(client)
  }
  const reader = await answer(client)
  if (reader === undefined) return 'closed'
  reader.int32()
  reader.string()
  reader.int32()
  const [index, error, baseOffset, appendTime] = [
    reader.int32(),
    reader.int16(),
    reader.int64(),
    reader.int64(),
  ]
  const start = version >= 5 ? `, log start ${reader.int64()}` : ''
  const wrong = version >= 8 ? `, ${readRecordErrors(reader)}` : ''
  return `partition ${index}: error ${error}, base ${baseOffset}, appended ${appendTime}${start}${wrong}, throttle ${reader.int32()}`
}

function readRecordErrors(reader: Reader): string {
  const errors = reader.array(() => `${reader.int32()} ${reader.string()}`)
  return `record errors [${errors}], message ${reader.string()}`
}

const TIMESTAMP = 1_700_000_000_000n

interface Wrong {
  readonly attributes?: number
  readonly magic?: number
  readonly crc?: number
  readonly count?: number
  readonly tail?: number
}

/** An idempotent producer, and where it is. */
export interface Sequence {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
}

/** InitProducerId 1 without a transaction: error code, id and epoch. */
export async function initProducerId(client: RawClient): Promise<[number, number, number]> {
  client.request(ApiKey.InitProducerId, 1, Buffer.concat([int16(-1), int32(1_000)]))
  const reader = await answer(client)
  if (reader === undefined) throw new Error('closed')
  reader.int32()
  return [reader.int16(), reader.int64(), reader.int16()]
}

/** A batch of one record with the value `x`, and what is to be wrong with it. */
export function batch(wrong: Wrong = {}, by: Sequence = { producerId: -1, epoch: -1, sequence: -1 }): Buffer {
  const record = Buffer.from([0x0e, 0, 0, 0, 1, 2, 0x78, 0])
  const bytes = Buffer.concat([Buffer.alloc(61), record, Buffer.alloc(wrong.tail ?? 0)])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(wrong.magic ?? 2, 16)
  bytes.writeInt16BE(wrong.attributes ?? 0, 21)
  bytes.writeInt32BE((wrong.count ?? 1) - 1, 23)
  bytes.writeBigInt64BE(TIMESTAMP, 27)
  bytes.writeBigInt64BE(TIMESTAMP, 35)
  bytes.writeBigInt64BE(BigInt(by.producerId), 43)
  bytes.writeInt16BE(by.epoch, 51)
  bytes.writeInt32BE(by.sequence, 53)
  bytes.writeInt32BE(wrong.count ?? 1, 57)
  bytes.writeUInt32BE(wrong.crc ?? crc32c(bytes, 21), 17)
  return bytes
}
