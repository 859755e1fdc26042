import type { Socket } from 'node:net'
import { type DataListener, wrapDataListener } from './data-listener.ts'

const SIZE_BYTES = 4

/**
 * Gives kafkajs whole responses only. What it has of a response when a connection breaks, it takes for the beginning of
 * the next connection's first one (2.2.4): nothing is understood from then on, or its reading past the end is an
 * uncaught exception.
 */
export function wholeResponses(socket: Socket): void {
  wrapDataListener(socket, inWholes)
}

/** A Kafka response is its size (int32), and so many bytes. */
function inWholes(listener: DataListener): DataListener {
  let chunks: Buffer[] = []
  let buffered = 0
  let needed = SIZE_BYTES
  return (data) => {
    chunks.push(data)
    buffered += data.length
    if (buffered < needed) return
    const bytes = chunks.length === 1 ? data : Buffer.concat(chunks)
    const whole = wholeIn(bytes)
    const rest = bytes.subarray(whole)
    chunks = rest.length > 0 ? [rest] : []
    buffered = rest.length
    needed = rest.length < SIZE_BYTES ? SIZE_BYTES : SIZE_BYTES + rest.readInt32BE(0)
    if (whole > 0) listener(bytes.subarray(0, whole))
  }
}

/** How many of the bytes are whole responses. */
function wholeIn(bytes: Buffer): number {
  let end = 0
  while (bytes.length - end >= SIZE_BYTES) {
    const next = end + SIZE_BYTES + bytes.readInt32BE(end)
    // Not Kafka, whatever it is: kafkajs may say so.
    if (next < end + SIZE_BYTES) return bytes.length
    if (next > bytes.length) break
    end = next
  }
  return end
}
