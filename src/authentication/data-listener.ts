import type { Socket } from 'node:net'

export type DataListener = (data: Buffer) => void

/** Gets what a socket receives, and passes on what is to be heard of it. */
export type DataFilter = (pass: DataListener) => DataListener

/**
 * What listens to a socket's data hears what the filters pass on; each gets what the one before it has passed. They stand
 * before all listeners and not around each of them, so that each byte goes through a filter once, whoever listens, and a
 * listener is added and removed as on any socket.
 */
export function filterData(socket: Socket, filters: readonly DataFilter[]): void {
  const emit = socket.emit
  const hear: DataListener = (data) => Reflect.apply(emit, socket, ['data', data])
  const receive = filters.reduceRight((pass, filter) => filter(pass), hear)
  socket.emit = function emitFiltered(this: Socket, event: string, ...args: unknown[]) {
    if (event !== 'data') return Reflect.apply(emit, this, [event, ...args])
    receive(args[0] as Buffer)
    return this.listenerCount('data') > 0
  } as typeof emit
}
