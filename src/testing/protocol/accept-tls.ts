import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

const HANDSHAKE = 0x16
/** A fatal `internal_error`: what Java answers to bytes that are no TLS. OpenSSL would say nothing. */
const ALERT = Buffer.from([0x15, 3, 3, 0, 2, 2, 80])

/** Accepts a connection of a listener with TLS; one whose first bytes are no TLS gets the alert, and is closed. */
export function acceptTls(
  transport: Socket,
  secureContext: SecureContext,
  serve: (socket: Socket) => void,
): void {
  transport.once('data', (first: Buffer) => {
    if (first[0] !== HANDSHAKE) return void transport.end(ALERT)
    transport.pause()
    transport.unshift(first)
    serve(new TLSSocket(transport, { isServer: true, secureContext }))
  })
}
