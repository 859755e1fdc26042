import type { Socket } from 'node:net'
import { asConnection, type TimedOutRequest } from '../../messaging/timed-out-requests.ts'
import type { SocketFactoryArgs } from '../types.ts'
import type { DataFilter } from './data-listener.ts'
import { apiKeyOf, idOfRequest, SASL_AUTHENTICATE, SASL_HANDSHAKE } from './kafka-frame.ts'

/** What is remembered of one connection: with `acks: 0` nothing may come for a long time. */
const MAX_UNANSWERED = 256

interface Connection {
  readonly socket: Socket
  /** The correlation ids of what was written since anything came. */
  readonly unanswered: Set<number>
}

/**
 * Closes a connection from which nothing at all has come since a request was written that then timed out: kafkajs would
 * stay on it, and send after send would fail. One that still answers is left alone, since closing it makes kafkajs repeat
 * what is in flight. `open` is told what kafkajs is to be told.
 */
export function watchSilence(
  args: SocketFactoryArgs,
  open: (args: SocketFactoryArgs) => Socket,
): { socket: Socket; noteAnswers: DataFilter } {
  const timedOut = (request: Partial<TimedOutRequest>) => closeIfSilent({ socket, unanswered }, request)
  const socket = open({ ...args, onConnect: () => asConnection(timedOut, args.onConnect) })
  const unanswered = noteUnanswered(socket)
  return {
    socket,
    noteAnswers: (pass) => (data) => {
      if (unanswered.size > 0) unanswered.clear()
      pass(data)
    },
  }
}

function noteUnanswered(socket: Socket): Set<number> {
  const unanswered = new Set<number>()
  const write = socket.write
  socket.write = function notedWrite(this: Socket, ...args: unknown[]) {
    const [chunk] = args
    if (apiKeyOf(chunk) !== undefined && unanswered.size < MAX_UNANSWERED)
      unanswered.add(idOfRequest(chunk as Buffer))
    return Reflect.apply(write, this, args)
  } as typeof write
  return unanswered
}

/** kafkajs has given up a request on this connection. */
function closeIfSilent(
  { socket, unanswered }: Connection,
  { apiKey = -1, correlationId = -1 }: Partial<TimedOutRequest>,
): void {
  // These have their own end: see SaslExchange.
  if (apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE || !unanswered.has(correlationId)) return
  socket.destroy(new Error('Nothing has come from the broker since a request was written that timed out'))
}
