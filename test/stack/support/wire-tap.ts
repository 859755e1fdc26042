import { syncBuiltinESMExports } from 'node:module'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import { tokenIn } from './record-secrets.ts'

/** One SASL exchange as the wire saw it. */
export interface Exchange {
  readonly token: string
  /** The broker's answer; undefined while there is none. 0: accepted. */
  errorCode?: number
  /** `[uuid]: Access denied` */
  message?: string
  requestId?: string
}

export interface WireTap {
  /** In the order in which the tokens were sent. */
  readonly exchanges: readonly Exchange[]
  stop(): void
}

/**
 * Listens on every TLS socket of the process, so that a test knows what was offered to the broker and what the broker
 * said to it. Below our own sockets: they write a handshake later than kafkajs does, and share out its answers.
 */
export function tapWire(): WireTap {
  const exchanges: Exchange[] = []
  const { connect } = tls
  tls.connect = ((...args: unknown[]) => {
    const socket = Reflect.apply(connect, tls, args) as Socket
    const waiting = new Map<number, Exchange>()
    const { write } = socket
    socket.write = ((...sent: unknown[]) => {
      const carried = tokenIn(sent[0])
      if (carried) {
        const exchange: Exchange = { token: carried.token }
        exchanges.push(exchange)
        waiting.set(carried.correlationId, exchange)
      }
      return Reflect.apply(write, socket, sent)
    }) as typeof socket.write
    socket.on(
      'data',
      frames((correlationId, body) => read(waiting.get(correlationId), body)),
    )
    return socket
  }) as typeof connect
  syncBuiltinESMExports()
  const stop = () => {
    tls.connect = connect
    syncBuiltinESMExports()
  }
  return { exchanges, stop }
}

function read(exchange: Exchange | undefined, body: Buffer): void {
  if (!exchange) return
  exchange.errorCode = body.readInt16BE(0)
  const length = body.readInt16BE(2)
  if (length < 0) return
  exchange.message = body.toString('utf8', 4, 4 + length)
  const requestId = /\[([0-9a-f-]{36})\]/.exec(exchange.message)?.[1]
  if (requestId !== undefined) exchange.requestId = requestId
}

/** Kafka's responses: size, correlation id, body. */
function frames(onResponse: (correlationId: number, body: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 8 && pending.length >= 4 + pending.readInt32BE(0)) {
      const end = 4 + pending.readInt32BE(0)
      onResponse(pending.readInt32BE(4), pending.subarray(8, end))
      pending = pending.subarray(end)
    }
  }
}
