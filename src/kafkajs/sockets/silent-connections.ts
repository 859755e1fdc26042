import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import { guarded } from '../../telemetry/guard.ts'
import type { SocketFactoryArgs } from '../types.ts'
import type { DataFilter } from './data-listener.ts'
import { apiKeyOf, idOfRequest, SASL_AUTHENTICATE, SASL_HANDSHAKE } from './kafka-frame.ts'

/** What is used of a kafkajs client, where it has it. */
interface Client {
  on?(event: string, listener: (event: { payload?: Partial<TimedOut> }) => void): unknown
  readonly events?: { readonly REQUEST_TIMEOUT?: string }
}

/** A request that kafkajs has given up. */
interface TimedOut {
  readonly apiKey: number
  readonly correlationId: number
}

interface Connection {
  readonly socket: Socket
  /** The correlation ids of what was written since anything came. */
  readonly unanswered: Set<number>
}

/** Clients that are listened to: once, however often they are instrumented. */
const heard = new WeakSet<object>()

/**
 * Whose requests time out. The event names only the broker and the request, and two connections to a broker can have
 * written requests with the same numbers. But kafkajs looks for late requests in an interval of each connection, which it
 * starts when its socket has connected.
 */
const lookedThrough = new AsyncLocalStorage<{ connection?: Connection }>()

/** What is remembered of one connection: with `acks: 0` nothing may come for a long time. */
const MAX_UNANSWERED = 256

/** Notes of a socket what is written and not answered. `open` is told what kafkajs is to be told. */
export function watchSilence(
  args: SocketFactoryArgs,
  open: (args: SocketFactoryArgs) => Socket,
): { socket: Socket; noteAnswers: DataFilter } {
  const holder: { connection?: Connection } = {}
  const socket = open({ ...args, onConnect: () => lookedThrough.run(holder, args.onConnect) })
  const unanswered = noteUnanswered(socket)
  holder.connection = { socket, unanswered }
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

/**
 * Closes a connection from which nothing at all has come since a request was written that then timed out: kafkajs would
 * stay on it, and send after send would fail. One that still answers is left alone, since closing it makes kafkajs repeat
 * what is in flight.
 */
export function closeSilentConnections(given: object): void {
  if (heard.has(given)) return
  heard.add(given)
  const client = given as Client
  guarded(
    'listening to a client',
    () => {
      const event = client.events?.REQUEST_TIMEOUT
      if (event && client.on) client.on(event, ({ payload }) => payload && closeIfSilent(payload))
    },
    undefined,
  )
}

function closeIfSilent({ apiKey = -1, correlationId = -1 }: Partial<TimedOut>): void {
  // These have their own end: see SaslExchange.
  if (apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE) return
  const connection = lookedThrough.getStore()?.connection
  if (!connection?.unanswered.has(correlationId)) return
  connection.socket.destroy(
    new Error('Nothing has come from the broker since a request was written that timed out'),
  )
}
