import { AsyncLocalStorage } from 'node:async_hooks'
import * as net from 'node:net'
import * as tls from 'node:tls'
import type { SocketFactoryArgs } from '../types.ts'

/** How far a socket has come. */
export interface SocketNote {
  readonly broker: string
  readonly tls: boolean
  stage: 'connecting' | 'handshaking' | 'open'
}

const KEEP_ALIVE_MS = 60_000

const connecting = new AsyncLocalStorage<SocketNote[]>()

/** Runs `work`, noting the sockets that it opens. */
export function watchSockets<T>(notes: SocketNote[], work: () => T): T {
  return connecting.run(notes, work)
}

/** The same sockets as kafkajs's own factory, looked at: how far they came. */
export function observedSocketFactory(): (args: SocketFactoryArgs) => net.Socket {
  return ({ host, port, ssl, onConnect }) => {
    const options: tls.ConnectionOptions = typeof ssl === 'object' && ssl !== null ? ssl : {}
    const servername = net.isIP(host) ? {} : { servername: host }
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...options }, onConnect)
      : net.connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    observe(socket, { broker: `${host}:${port}`, tls: Boolean(ssl), stage: 'connecting' })
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
}

/** What the sockets of a failed connect say that its error does not. */
export function failureOfSockets(notes: readonly SocketNote[], message: string): string | undefined {
  const last = notes.at(-1)
  if (!last) return undefined
  if (last.tls && last.stage === 'handshaking' && /Connection timeout/.test(message))
    return 'tls_handshake_timeout'
  return undefined
}
