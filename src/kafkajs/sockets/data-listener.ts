import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

export type DataListener = (data: Buffer) => void

/** Gets what a socket receives, and passes on what is to be heard of it. */
export type DataFilter = (pass: DataListener) => DataListener

/** With which listeners come and go, and are looked at. */
const METHODS = [
  ...(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const),
  ...(['off', 'removeListener', 'removeAllListeners'] as const),
  ...(['listenerCount', 'listeners', 'rawListeners'] as const),
]

/**
 * Whoever listens to a socket's data from now on hears what the filters pass on; each gets what the one before it has
 * passed. They stand before all listeners and not around each of them, so that each byte goes through a filter once,
 * whoever listens. A listener that is there already hears what comes, as the filters do.
 */
export function filterData(socket: Socket, filters: readonly DataFilter[]): void {
  const heard = new EventEmitter()
  const hear: DataListener = (data) => {
    for (const listener of heard.rawListeners('data')) Reflect.apply(listener, socket, [data])
  }
  const receive = filters.reduceRight((pass, filter) => filter(pass), hear)
  const on = socket.on
  const listen = () => Reflect.apply(on, socket, ['data', receive])
  // With the first listener, as a socket begins to read then.
  heard.once('newListener', listen)
  for (const name of METHODS) {
    const method = socket[name]
    const filtered = function (this: Socket, ...args: unknown[]) {
      if (args.length > 0 && args[0] !== 'data') return Reflect.apply(method, this, args)
      if (args.length === 0) {
        // Of all events: what fills the filters stays.
        Reflect.apply(method, this, args)
        if (heard.listenerCount('newListener') === 0) listen()
      }
      const result: unknown = Reflect.apply(heard[name], heard, ['data', ...args.slice(1)])
      return result === heard ? this : result
    }
    Object.assign(socket, { [name]: filtered })
  }
}
