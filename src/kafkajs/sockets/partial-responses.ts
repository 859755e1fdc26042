import type { Socket } from 'node:net'
import type { DataFilter, DataListener } from './data-listener.ts'
import { otherProtocol } from './other-protocols.ts'

const SIZE_BYTES = 4
/** A correlation id, which every answer begins with. */
const MIN_SIZE = 4

/**
 * Gives kafkajs whole responses only. What it has of a response when a connection breaks, it takes for the beginning of
 * the next connection's first one (2.2.4): nothing is understood from then on, or its reading past the end is an
 * uncaught exception. What cannot be a response of Kafka's is one as well: such a connection is closed.
 */
export function wholeResponses(socket: Socket): DataFilter {
  return (pass) => inWholes(pass, (error) => socket.destroy(error))
}

/** A Kafka response is its size (int32), and so many bytes. */
function inWholes(pass: DataListener, refuse: (error: Error) => void): DataListener {
  let chunks: Buffer[] = []
  let buffered = 0
  let needed = SIZE_BYTES
  let answered = false
  let refused = false
  return (data) => {
    if (refused) return
    chunks.push(data)
    buffered += data.length
    if (buffered < needed) return
    const bytes = chunks.length === 1 ? data : Buffer.concat(chunks)
    const { whole, next, problem } = answered ? splitResponses(bytes) : splitFirst(bytes)
    const rest = bytes.subarray(whole)
    chunks = rest.length > 0 ? [rest] : []
    buffered = rest.length
    needed = SIZE_BYTES + next
    if (whole > 0) {
      answered = true
      pass(bytes.subarray(0, whole))
    }
    if (problem === undefined) return
    refused = true
    chunks = []
    refuse(new Error(problem))
  }
}

interface Split {
  /** How many of the bytes are whole responses. */
  readonly whole: number
  /** The size of the response after them; 0 while it is not known. */
  readonly next: number
  /** Why what follows them is no response of Kafka's. */
  readonly problem?: string
}

/** The first bytes of a connection may be those of another protocol. */
function splitFirst(bytes: Buffer): Split {
  const problem = otherProtocol(bytes)
  return problem === undefined ? splitResponses(bytes) : { whole: 0, next: 0, problem }
}

function splitResponses(bytes: Buffer): Split {
  let end = 0
  while (bytes.length - end >= SIZE_BYTES) {
    const size = bytes.readInt32BE(end)
    if (size < MIN_SIZE)
      return {
        whole: end,
        next: 0,
        problem: `The peer sent a frame of ${size} bytes, which is no response of Kafka`,
      }
    const next = end + SIZE_BYTES + size
    if (next > bytes.length) return { whole: end, next: size }
    end = next
  }
  return { whole: end, next: 0 }
}
