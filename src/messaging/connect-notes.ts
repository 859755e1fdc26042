import { AsyncLocalStorage } from 'node:async_hooks'

/** How far a socket has come. */
export interface SocketNote {
  readonly broker: string
  readonly tls: boolean
  stage: 'connecting' | 'handshaking' | 'open'
}

const connecting = new AsyncLocalStorage<SocketNote[]>()

/** Runs `work`, collecting the notes of the sockets that it opens: of those that write one. */
export function watchSockets<T>(notes: SocketNote[], work: () => T): T {
  return connecting.run(notes, work)
}

/** For whoever opens a socket: its note goes to the connect that it is opened in. */
export const noteSocket = (note: SocketNote): void => void connecting.getStore()?.push(note)

/** What the sockets of a failed connect say that its error does not. */
export function failureOfSockets(notes: readonly SocketNote[], message: string): string | undefined {
  const last = notes.at(-1)
  if (!last) return undefined
  if (last.tls && last.stage === 'handshaking' && /Connection timeout/.test(message))
    return 'tls_handshake_timeout'
  return undefined
}
