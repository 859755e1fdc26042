import { ErrorCode } from './api.ts'
import type { RecordBatch } from './record-batch.ts'

/** What became of one batch. */
export interface Appended {
  readonly errorCode: number
  readonly baseOffset: number
  /** It was there already: acknowledged, not written again. */
  readonly duplicate?: boolean
  /** Kafka tells it of a duplicate alone, and it is the timestamp of the batch that was there. */
  readonly logAppendTime?: number
  /** The log refused it, and not whoever stands before it. */
  readonly byLog?: boolean
}

interface WrittenBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly maxTimestamp: number
}

interface ProducerState {
  epoch: number
  /** The last few, oldest first. */
  batches: WrittenBatch[]
}

/** Kafka remembers as many for each producer, which is why at most five requests may be in flight. */
const REMEMBERED_BATCHES = 5
const SEQUENCES = 2 ** 31

/** The offsets of one partition, and what its idempotent producers wrote last. */
export class PartitionLog {
  #nextOffset = 0
  readonly #producers = new Map<number, ProducerState>()

  get nextOffset(): number {
    return this.#nextOffset
  }

  append(batch: RecordBatch): Appended {
    if (batch.producerId < 0) return this.#written(batch)
    if (batch.baseSequence < 0) return { errorCode: ErrorCode.InvalidRecord, baseOffset: -1, byLog: true }
    const state = this.#producers.get(batch.producerId)
    const lastSequence = (batch.baseSequence + batch.records.length - 1) % SEQUENCES
    if (state !== undefined) {
      const before = state.epoch === batch.producerEpoch ? duplicateOf(state, batch, lastSequence) : undefined
      if (before !== undefined)
        return {
          errorCode: ErrorCode.None,
          baseOffset: before.baseOffset,
          duplicate: true,
          logAppendTime: before.maxTimestamp,
        }
      const errorCode = sequenceError(state, batch)
      if (errorCode !== ErrorCode.None) return { errorCode, baseOffset: -1, byLog: true }
    }
    const written = this.#written(batch)
    const batches = state?.epoch === batch.producerEpoch ? state.batches : []
    const { baseSequence, maxTimestamp } = batch
    batches.push({ baseSequence, lastSequence, baseOffset: written.baseOffset, maxTimestamp })
    if (batches.length > REMEMBERED_BATCHES) batches.shift()
    this.#producers.set(batch.producerId, { epoch: batch.producerEpoch, batches })
    return written
  }

  #written(batch: RecordBatch): Appended {
    const baseOffset = this.#nextOffset
    this.#nextOffset += batch.records.length
    return { errorCode: ErrorCode.None, baseOffset }
  }
}

const duplicateOf = (state: ProducerState, batch: RecordBatch, lastSequence: number) =>
  state.batches.find(
    (written) => written.baseSequence === batch.baseSequence && written.lastSequence === lastSequence,
  )

/** As Kafka: a new producer may begin anywhere, a new epoch at 0, and then there are no gaps. */
function sequenceError(state: ProducerState, batch: RecordBatch): number {
  if (batch.producerEpoch < state.epoch) return ErrorCode.InvalidProducerEpoch
  const last = state.batches.at(-1)?.lastSequence ?? -1
  const expected = batch.producerEpoch > state.epoch ? 0 : (last + 1) % SEQUENCES
  return batch.baseSequence === expected ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber
}
