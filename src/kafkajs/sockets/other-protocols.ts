const TLS_ALERT = 0x15
const TLS_MAJOR = 0x03

/** Who else answers at a port, by its first bytes; taken for the size of a response they would be more than 300 MB. */
export function otherProtocol(bytes: Buffer): string | undefined {
  if (bytes[0] === TLS_ALERT && bytes[1] === TLS_MAJOR)
    return 'The peer answered plaintext with a TLS alert: this port speaks TLS, set `ssl: true`'
  const start = bytes.toString('latin1', 0, 4)
  if (start === 'HTTP') return 'The peer answered in HTTP: this port is no Kafka listener'
  if (start === 'SSH-') return 'The peer answered in SSH: this port is no Kafka listener'
  return undefined
}
