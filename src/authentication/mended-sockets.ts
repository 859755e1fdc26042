import type { Socket } from 'node:net'
import type { SocketFactoryArgs } from '../types.ts'
import { undisturbedExchange } from './undisturbed-exchange.ts'
import { wholeResponses } from './whole-responses.ts'

export type SocketFactory = (args: SocketFactoryArgs) => Socket

/** Those that do it already: once is enough. */
const mended = new WeakSet<SocketFactory>()

/** Sockets on which two faults of kafkajs show no more. */
export function mendedSockets(factory: SocketFactory): SocketFactory {
  if (mended.has(factory)) return factory
  const result: SocketFactory = (args) => {
    const socket = factory(args)
    wholeResponses(socket)
    // After it, so that it hears of whole responses.
    undisturbedExchange(socket)
    return socket
  }
  mended.add(result)
  return result
}
