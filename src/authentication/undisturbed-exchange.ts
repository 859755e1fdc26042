import type { Socket } from 'node:net'
import { wrapDataListener } from './data-listener.ts'
import { apiKeyOf, SASL_AUTHENTICATE, SASL_HANDSHAKE } from './kafka-request.ts'

/**
 * Keeps other requests out of a SASL exchange: they wait until it is answered. kafkajs (2.2.4) looks whether the session
 * is due, then encodes a request, then writes it. What it has begun to encode before a re-authentication it writes in
 * the middle of that, and Kafka closes the connection.
 */
export function undisturbedExchange(socket: Socket): void {
  const write = socket.write
  /** Calls of `write` to be made after the exchange; undefined where there is none. */
  let late: unknown[][] | undefined
  let tokenIsOut = false
  socket.write = function undisturbedWrite(this: Socket, ...args: unknown[]) {
    const apiKey = apiKeyOf(args[0])
    if (apiKey === SASL_HANDSHAKE) late ??= []
    else if (apiKey === SASL_AUTHENTICATE) tokenIsOut = true
    else if (late) {
      late.push(args)
      return true
    }
    return Reflect.apply(write, this, args)
  } as typeof write
  // Answers come in order, so the first whole one after the token is that to the token.
  wrapDataListener(socket, (listener) => (data) => {
    listener(data)
    if (!tokenIsOut) return
    const waiting = late ?? []
    late = undefined
    tokenIsOut = false
    for (const args of waiting) Reflect.apply(write, socket, args)
  })
}
