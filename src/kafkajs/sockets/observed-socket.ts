import * as net from 'node:net'
import * as tls from 'node:tls'
import { noteSocket, type SocketNote } from '../../messaging/connect-notes.ts'
import type { SocketFactoryArgs } from '../types.ts'

const KEEP_ALIVE_MS = 60_000

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
  noteSocket(note)
  socket.once('connect', () => {
    note.stage = note.tls ? 'handshaking' : 'open'
  })
  socket.once('secureConnect', () => {
    note.stage = 'open'
  })
}
