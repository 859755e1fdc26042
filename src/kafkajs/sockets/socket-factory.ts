import type { Socket } from 'node:net'
import type { ReportedExchange } from '../../authentication/exchange.ts'
import type { SocketFactoryArgs } from '../types.ts'
import { filterData } from './data-listener.ts'
import { wholeResponses } from './partial-responses.ts'
import { watchExchanges } from './sasl-connection.ts'
import { watchSilence } from './silent-connections.ts'

export type SocketFactory = (args: SocketFactoryArgs) => Socket

export interface MendedSocketSettings {
  /** How long a broker may take for its answers to one authentication, ms. Default 10 000. */
  readonly authenticationTimeout?: number | undefined
  readonly onFailedHandshake?: ((failed: ReportedExchange) => void) | undefined
}

const AUTHENTICATION_TIMEOUT_MS = 10_000

/** What each was made of: once is enough. */
const mended = new WeakMap<SocketFactory, { factory: SocketFactory; settings: MendedSocketSettings }>()

/** Sockets on which faults of kafkajs show no more. Of sockets that are mended already, with other settings. */
export function mendedSockets(given: SocketFactory, changes: MendedSocketSettings = {}): SocketFactory {
  const { factory, settings } = mended.get(given) ?? { factory: given, settings: {} }
  const { authenticationTimeout = settings.authenticationTimeout ?? AUTHENTICATION_TIMEOUT_MS } = changes
  const { onFailedHandshake = settings.onFailedHandshake } = changes
  const result: SocketFactory = (args) => {
    const { host, port } = args
    const { socket, noteAnswers } = watchSilence(args, factory)
    const exchanges = watchExchanges(socket, { host, port, authenticationTimeout, onFailedHandshake })
    filterData(socket, [noteAnswers, wholeResponses(socket), exchanges])
    return socket
  }
  mended.set(result, { factory, settings: { authenticationTimeout, onFailedHandshake } })
  return result
}
