/** API keys, by Kafka's protocol guide. */
const PRODUCE = 0
export const SASL_HANDSHAKE = 17
export const SASL_AUTHENTICATE = 36

/** Of what is written to a socket. A Kafka request is its size (int32), its API key (int16), … */
export function apiKeyOf(chunk: unknown): number | undefined {
  return Buffer.isBuffer(chunk) && chunk.length >= 12 ? chunk.readInt16BE(4) : undefined
}

/** … its version (int16), its correlation id (int32), … */
export const versionOf = (request: Buffer): number => request.readInt16BE(6)
export const idOfRequest = (request: Buffer): number => request.readInt32BE(8)

/** … and the id of its client (text). Produce goes on with that of a transaction (text, from version 3), and its acks (int16). */
export function expectsAnswer(request: Buffer): boolean {
  if (request.readInt16BE(4) !== PRODUCE) return true
  let at = endOfText(request, 12)
  if (versionOf(request) >= 3) at = endOfText(request, at)
  return int16(request, at) !== 0
}

/** A text is its length (int16; -1: none) and so many bytes. */
const endOfText = (request: Buffer, at: number): number => at + 2 + Math.max(0, int16(request, at))

/** -1 where there is none: not everything that is written is a Kafka request, a token after SaslHandshake 0 for one. */
const int16 = (bytes: Buffer, at: number): number => (at + 2 > bytes.length ? -1 : bytes.readInt16BE(at))

/** An answer is its size (int32), the correlation id of its request (int32), … */
export const idOfAnswer = (answer: Buffer): number => answer.readInt32BE(4)

/** … and to the requests of SASL it goes on with the error code (int16). Anything shorter is no success. */
export const errorCodeOf = (answer: Buffer): number => (answer.length >= 10 ? answer.readInt16BE(8) : -1)

/** … and to SaslHandshake with the mechanisms of the listener. undefined where that is no list. */
export function mechanismsOf(answer: Buffer): string[] | undefined {
  if (answer.length < 14) return undefined
  const mechanisms: string[] = []
  let at = 14
  for (let left = answer.readInt32BE(10); left > 0; left -= 1) {
    const length = at + 2 <= answer.length ? answer.readInt16BE(at) : -1
    if (length < 0 || at + 2 + length > answer.length) return undefined
    mechanisms.push(answer.toString('utf8', at + 2, at + 2 + length))
    at += 2 + length
  }
  return mechanisms
}

/** The same answer, to another request. */
export function answerTo(request: Buffer, answer: Buffer): Buffer {
  const copy = Buffer.from(answer)
  copy.writeInt32BE(idOfRequest(request), 4)
  return copy
}

/** What answers a SaslAuthenticate of version 0 or 1: the code, no message, no bytes, no session lifetime. */
export function authenticateAnswer(request: Buffer, errorCode: number): Buffer {
  const lifetime = versionOf(request) === 0 ? 0 : 8
  const answer = Buffer.alloc(4 + 4 + 2 + 2 + 4 + lifetime)
  answer.writeInt32BE(answer.length - 4, 0)
  answer.writeInt32BE(idOfRequest(request), 4)
  answer.writeInt16BE(errorCode, 8)
  answer.writeInt16BE(-1, 10)
  return answer
}

/** The frames in bytes that hold whole ones only. */
export function framesIn(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = start + 4 + bytes.readInt32BE(start)
    frames.push(bytes.subarray(start, end))
    start = end
  }
  return frames
}

/** Of the last frame in bytes that hold whole ones only. */
export function lastIdIn(bytes: Buffer): number {
  let last = 0
  for (let start = 0; start < bytes.length; start += 4 + bytes.readInt32BE(start)) last = start
  return bytes.readInt32BE(last + 4)
}
