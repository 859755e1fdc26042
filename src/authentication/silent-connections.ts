import type { Socket } from 'node:net'
import { guarded } from '../telemetry/guard.ts'
import { wrapDataListener } from './data-listener.ts'
import { apiKeyOf, idOfRequest, SASL_AUTHENTICATE, SASL_HANDSHAKE } from './kafka-frame.ts'

/** What is used of a kafkajs client, where it has it. */
interface Client {
  on?(event: string, listener: (event: { payload?: Partial<TimedOut> }) => void): unknown
  readonly events?: { readonly REQUEST_TIMEOUT?: string }
}

/** A request that kafkajs has given up. */
interface TimedOut {
  /** `host:port` */
  readonly broker: string
  readonly apiKey: number
  readonly correlationId: number
  /** Epoch ms, just after it was written. */
  readonly sentAt: number
}

interface Connection {
  readonly socket: Socket
  /** The requests that were written since anything came: when, epoch ms, by correlation id and API key. */
  readonly unanswered: Map<number, number>
}

/** Clients that are listened to: once, however often they are instrumented. */
const heard = new WeakSet<object>()
/** By `host:port`. */
const connections = new Map<string, Set<Connection>>()
/** What is remembered of one connection: with `acks: 0` nothing may come for a long time. */
const MAX_UNANSWERED = 256
/** Between writing and kafkajs's reading of the clock, ms. */
const WRITTEN_WITHIN_MS = 50

/** Notes what is written and not answered. The innermost of what wraps a socket's listener: it sees every byte. */
export function watchSilence(socket: Socket, broker: string): void {
  const connection: Connection = { socket, unanswered: new Map() }
  const { unanswered } = connection
  const sameBroker = connections.get(broker) ?? new Set()
  connections.set(broker, sameBroker.add(connection))
  socket.once('close', () => {
    sameBroker.delete(connection)
    if (sameBroker.size === 0 && connections.get(broker) === sameBroker) connections.delete(broker)
  })
  const write = socket.write
  socket.write = function notedWrite(this: Socket, ...args: unknown[]) {
    const [chunk] = args
    const apiKey = apiKeyOf(chunk)
    if (apiKey !== undefined && unanswered.size < MAX_UNANSWERED)
      unanswered.set(nameOf(apiKey, idOfRequest(chunk as Buffer)), Date.now())
    return Reflect.apply(write, this, args)
  } as typeof write
  wrapDataListener(socket, (listener) => (data) => {
    if (unanswered.size > 0) unanswered.clear()
    listener(data)
  })
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

function closeIfSilent({
  broker = '',
  apiKey = -1,
  correlationId = -1,
  sentAt = 0,
}: Partial<TimedOut>): void {
  // These have their own end: see SaslExchange.
  if (apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE) return
  for (const { socket, unanswered } of connections.get(broker) ?? []) {
    const written = unanswered.get(nameOf(apiKey, correlationId))
    if (written === undefined || Math.abs(sentAt - written) > WRITTEN_WITHIN_MS) continue
    socket.destroy(new Error('Nothing has come from the broker since a request was written that timed out'))
  }
}

const nameOf = (apiKey: number, correlationId: number): number => correlationId * 1024 + apiKey
