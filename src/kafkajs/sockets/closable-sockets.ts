import type { Socket } from 'node:net'
import type { SocketFactory } from './socket-factory.ts'

/**
 * Sockets that can all be closed at once, and no further one opened. kafkajs cannot be told to give up a send: it waits
 * for a broker that hangs as long as a request may take, and then it connects again.
 */
export class ClosableSockets {
  readonly #open = new Set<Socket>()
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  of(factory: SocketFactory): SocketFactory {
    return (args) => {
      if (this.#closed) throw new Error('The publisher is disconnected')
      const socket = factory(args)
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
      return socket
    }
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#open) socket.destroy(new Error('The publisher is disconnected'))
  }
}
