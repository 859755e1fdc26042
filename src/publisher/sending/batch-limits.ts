import type { KafkaJsMessage } from '../../kafkajs/kafkajs-api.ts'

/** kafkajs's encoding gets slow with larger ones. */
export const MAX_BATCH_MESSAGES = 500
/** Bytes before compression; a broker accepts 1,048,588 by default (`message.max.bytes`), and compares after compression. */
export const MAX_BATCH_BYTES = 900_000

/** The messages in order, in batches that a broker accepts. A message that is larger than that is a batch of its own. */
export function inBatches<T extends { readonly message: KafkaJsMessage }>(items: readonly T[]): T[][] {
  const batches: T[][] = []
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item.message)
    const current = batches.at(-1)
    if (!current || current.length === MAX_BATCH_MESSAGES || bytes + size > MAX_BATCH_BYTES) {
      batches.push([item])
      bytes = size
    } else {
      current.push(item)
      bytes += size
    }
  }
  return batches
}

export function inHalves<T>(items: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}

/** The most bytes that a record needs: its own, 20 for the record and 5 for each header. */
function sizeOf({ key, value, headers = {} }: KafkaJsMessage): number {
  const ofHeaders = Object.entries(headers).map(([name, header]) => bytesOf(name) + bytesOf(header) + 5)
  return bytesOf(key) + bytesOf(value) + 20 + ofHeaders.reduce((sum, size) => sum + size, 0)
}

function bytesOf(value: KafkaJsMessage['key'] | (Buffer | string)[]): number {
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + bytesOf(one) + 5, 0)
  return value ? Buffer.byteLength(value) : 0
}
