/** Messages as an instrumented producer has written them into a topic. */
import { ofPeers } from './places.ts'

export const MESSAGES_IN_BATCH = 64

interface Encoded {
  readonly buffer: Buffer
}

/** Encoded by kafkajs itself. */
export async function batchOf(): Promise<Buffer> {
  const encodeRecord: (record: object) => Encoded = ofPeers('kafkajs/src/protocol/recordBatch/record/v0')
  const { RecordBatch }: { RecordBatch(batch: object): Promise<Encoded> } = ofPeers(
    'kafkajs/src/protocol/recordBatch/v0',
  )
  const records = Array.from({ length: MESSAGES_IN_BATCH }, (_, offsetDelta) => {
    const spanId = (offsetDelta + 1).toString(16).padStart(16, '0')
    const headers = { traceparent: `00-0af7651916cd43dd8448eb211c80319c-${spanId}-01` }
    const value = JSON.stringify({ order: offsetDelta, item: 'tea', quantity: 1 })
    return encodeRecord({ offsetDelta, key: `order-${offsetDelta}`, value, headers })
  })
  return (await RecordBatch({ records, lastOffsetDelta: MESSAGES_IN_BATCH - 1 })).buffer
}
