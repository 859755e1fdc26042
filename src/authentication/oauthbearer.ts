/**
 * SASL/OAUTHBEARER, RFC 7628: the one message of the client, and the server's answer to it.
 * Inside SaslAuthenticate kafkajs wants and gives both with a 4-byte length before them.
 */
const SEPARATOR = '\u0001'

/** The initial client response, with its length. It holds the token: never log it. */
export const encodeInitialResponse = (token: string): Buffer =>
  framed(`n,,${SEPARATOR}auth=Bearer ${token}${SEPARATOR}${SEPARATOR}`)

/** A response without a token, which a server has to refuse: SASL in Kafka has no word for giving up an exchange. */
export const encodeGivingUp = (): Buffer => framed(`n,,${SEPARATOR}${SEPARATOR}`)

function framed(message: string): Buffer {
  const frame = Buffer.alloc(4 + Buffer.byteLength(message))
  frame.writeInt32BE(frame.length - 4, 0)
  frame.write(message, 4)
  return frame
}

/** What a server says instead of an error code: `{"status":"invalid_token","scope":…}`. */
export interface OauthBearerError {
  readonly status: string
}

/** The answer without its length; undefined where the server accepted. */
export function decodeServerResponse(frame: Buffer): OauthBearerError | undefined {
  const body = frame.subarray(4).toString('utf8').trim()
  if (body === '') return undefined
  try {
    const parsed: unknown = JSON.parse(body)
    const status =
      typeof parsed === 'object' && parsed !== null && 'status' in parsed ? parsed.status : undefined
    return { status: typeof status === 'string' ? status : 'unknown' }
  } catch {
    // RFC 7628 leaves a server that accepted nothing to say; text that is not JSON is not an acceptance.
    return { status: 'unreadable' }
  }
}
