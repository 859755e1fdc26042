/** API keys, by Kafka's protocol guide. */
export const SASL_HANDSHAKE = 17
export const SASL_AUTHENTICATE = 36

/** Of what is written to a socket. A Kafka request is its size (int32), its API key (int16), … */
export function apiKeyOf(chunk: unknown): number | undefined {
  return Buffer.isBuffer(chunk) && chunk.length > 6 ? chunk.readInt16BE(4) : undefined
}
