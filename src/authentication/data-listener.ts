import type { Socket } from 'node:net'

export type DataListener = (data: Buffer) => void

/** Puts something in the place of what will listen to the socket's data. */
export function wrapDataListener(socket: Socket, wrap: (listener: DataListener) => DataListener): void {
  const on = socket.on
  socket.on = function onWrapped(this: Socket, event: string, listener: (...args: never[]) => void) {
    const heard = event === 'data' ? wrap(listener as DataListener) : listener
    return Reflect.apply(on, this, [event, heard])
  } as typeof on
}
