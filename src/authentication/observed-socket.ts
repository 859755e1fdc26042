import { AsyncLocalStorage } from 'node:async_hooks'
import * as net from 'node:net'
import * as tls from 'node:tls'
import type { SocketFactoryArgs } from '../types.ts'
import { apiKeyOf, SASL_AUTHENTICATE } from './kafka-request.ts'

export type AuthenticationKind = 'initial' | 'reauthentication'

/** How far a socket has come. */
export interface SocketNote {
  readonly broker: string
  readonly tls: boolean
  stage: 'connecting' | 'handshaking' | 'open'
  /** The peer answered plaintext with a TLS alert. */
  tlsAlert: boolean
  /** SASL exchanges on this socket so far. */
  exchanges: number
}

const KEEP_ALIVE_MS = 60_000
const TLS_ALERT = 0x15

const connecting = new AsyncLocalStorage<SocketNote[]>()
const exchanging = new AsyncLocalStorage<ObservedExchange>()

/** Runs `work`, noting the sockets that it opens. */
export function watchSockets<T>(notes: SocketNote[], work: () => T): T {
  return connecting.run(notes, work)
}

/** One SASL exchange, and the socket that carries it, where that is one of ours. */
export class ObservedExchange {
  readonly #onKind: (kind: AuthenticationKind) => void
  readonly #sends: boolean
  /** Resolves when its frame reaches a socket of ours. */
  readonly found: Promise<void>
  #onFound: () => void = () => undefined
  #socket: net.Socket | undefined

  /** @param sends false for an exchange that only finds its socket, in order to close it */
  constructor(onKind: (kind: AuthenticationKind) => void, sends = true) {
    this.#onKind = onKind
    this.#sends = sends
    this.found = new Promise((resolve) => {
      this.#onFound = resolve
    })
  }

  run<T>(work: () => T): T {
    return exchanging.run(this, work)
  }

  /** Its frame is about to be written. False: nothing goes out. */
  onWrite(socket: net.Socket, kind: AuthenticationKind): boolean {
    this.#socket = socket
    this.#onFound()
    if (this.#sends) this.#onKind(kind)
    return this.#sends
  }

  /**
   * Closes the connection in a way that kafkajs takes for a broken one, so that it opens another; resolves when it
   * knows. False where the socket is not ours.
   */
  async closeConnection(): Promise<boolean> {
    const socket = this.#socket
    if (!socket) return false
    const closed = new Promise((resolve) => socket.once('close', resolve))
    if (socket.closed) return true
    socket.destroy(new Error('kafka-iam-otel gave up this connection in the middle of its authentication'))
    await closed
    return true
  }
}

/**
 * The same sockets as kafkajs's own factory, looked at: how far they came, and which of them carry SASL exchanges,
 * the only way to tell a first authentication from a repeated one.
 */
export function observedSocketFactory(): (args: SocketFactoryArgs) => net.Socket {
  return ({ host, port, ssl, onConnect }) => {
    const options: tls.ConnectionOptions = typeof ssl === 'object' && ssl !== null ? ssl : {}
    const servername = net.isIP(host) ? {} : { servername: host }
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...options }, onConnect)
      : net.connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    observe(socket, {
      broker: `${host}:${port}`,
      tls: Boolean(ssl),
      stage: 'connecting',
      tlsAlert: false,
      exchanges: 0,
    })
    return socket
  }
}

function observe(socket: net.Socket, note: SocketNote): void {
  connecting.getStore()?.push(note)
  socket.once('connect', () => {
    note.stage = note.tls ? 'handshaking' : 'open'
  })
  socket.once('secureConnect', () => {
    note.stage = 'open'
  })
  if (!note.tls) {
    socket.once('data', (first) => {
      note.tlsAlert = Buffer.isBuffer(first) && first[0] === TLS_ALERT
    })
  }
  const write = socket.write
  socket.write = function observedWrite(this: net.Socket, ...args: unknown[]) {
    if (apiKeyOf(args[0]) === SASL_AUTHENTICATE) {
      note.exchanges += 1
      const kind = note.exchanges === 1 ? 'initial' : 'reauthentication'
      if (exchanging.getStore()?.onWrite(socket, kind) === false) return false
    }
    return Reflect.apply(write, this, args)
  } as typeof socket.write
}

/** What the sockets of a failed connect say that its error does not. */
export function failureOfSockets(notes: readonly SocketNote[], message: string): string | undefined {
  const last = notes.at(-1)
  if (!last) return undefined
  if (last.tlsAlert) return 'plaintext_to_tls_port'
  if (last.tls && last.stage === 'handshaking' && /Connection timeout/.test(message))
    return 'tls_handshake_timeout'
  return undefined
}
