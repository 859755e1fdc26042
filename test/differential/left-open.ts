import * as net from 'node:net'
import * as timers from 'node:timers'
import { promisify } from 'node:util'

/** What a client has opened and not closed. */
export interface LeftOpen {
  readonly sockets: number
  /** Delays of timers that keep the process alive. */
  readonly timers: readonly number[]
}

const { setTimeout, setInterval, clearTimeout, clearInterval } = timers
const given = { setTimeout, setInterval, clearTimeout, clearInterval }
const connect = net.Socket.prototype.connect

/** Watches the timers and connections of this process, from its construction until `stop`. */
export class OpenHandles {
  readonly #sockets = new Set<net.Socket>()
  readonly #timers = new Map<NodeJS.Timeout, number>()

  constructor() {
    const sockets = this.#sockets
    net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
      sockets.add(this)
      this.once('close', () => sockets.delete(this))
      return Reflect.apply(connect, this, args) as net.Socket
    } as typeof connect
    globalThis.setTimeout = Object.assign(this.#timer(given.setTimeout, true), {
      [promisify.custom]: Reflect.get(given.setTimeout, promisify.custom),
    }) as unknown as typeof setTimeout
    globalThis.setInterval = this.#timer(given.setInterval, false) as typeof setInterval
    globalThis.clearTimeout = this.#clear(given.clearTimeout)
    globalThis.clearInterval = this.#clear(given.clearInterval)
  }

  get now(): LeftOpen {
    const timers = [...this.#timers].filter(([timer]) => timer.hasRef()).map(([, ms]) => ms)
    return { sockets: this.#sockets.size, timers: timers.sort((one, other) => one - other) }
  }

  /** Resolves when nothing is open, or after `ms`. */
  async quiet(ms: number): Promise<LeftOpen> {
    const until = performance.now() + ms
    for (;;) {
      const open = this.now
      if ((open.sockets === 0 && open.timers.length === 0) || performance.now() > until) return open
      await new Promise((resolve) => given.setTimeout(resolve, 2))
    }
  }

  /** Ends what is still there, so that it is not in the way of the next run. */
  stop(): void {
    net.Socket.prototype.connect = connect
    Object.assign(globalThis, given)
    for (const timer of this.#timers.keys()) given.clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
  }

  #timer(start: (callback: () => void, ms?: number) => NodeJS.Timeout, once: boolean) {
    return (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): NodeJS.Timeout => {
      const timer = start(() => {
        if (once) this.#timers.delete(timer)
        callback(...args)
      }, ms)
      // kafkajs starts some with a time that is over.
      this.#timers.set(timer, Math.max(1, ms))
      return timer
    }
  }

  #clear(clear: (timer?: NodeJS.Timeout) => void) {
    return ((timer?: NodeJS.Timeout) => {
      if (timer) this.#timers.delete(timer)
      clear(timer)
    }) as typeof clearTimeout
  }
}
