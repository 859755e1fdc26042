import type { Socket } from 'node:net'
import { FrameReader } from './frames.ts'
import { MalformedError } from './reader.ts'
import type { Outcome } from './request.ts'
import type { RequestHandler } from './request-handler.ts'

export interface ConnectionSettings {
  readonly socket: Socket
  readonly handler: RequestHandler
  /** Resets the transport under the socket, which a TLS socket cannot do itself. */
  reset(): void
  /** What a callback of the broker's owner has thrown. */
  onError(error: unknown): void
}

/** As Kafka's socket.request.max.bytes. */
const MAX_FRAME_BYTES = 100 * 1024 * 1024
/** As Kafka's sasl.server.max.receive.size: what a client may send before it has authenticated. */
const MAX_FRAME_BYTES_UNAUTHENTICATED = 512 * 1024
/** As Kafka's connection.failed.authentication.delay.ms: the answer waits too, and the connection closes behind it. */
const REFUSED_MS = 100
/** What may wait behind a request that takes its time. */
const MAX_WAITING_BYTES = 1024 * 1024

/** One connection: its requests are served one after another, as Kafka does, and so answered in order. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  #timer: NodeJS.Timeout | undefined
  #busy = false
  /** Nothing is read any more. */
  #over = false

  constructor(settings: ConnectionSettings) {
    const { socket } = settings
    this.#settings = settings
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => this.#serve())
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#over = true
      clearTimeout(this.#timer)
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return
    this.#frames.push(chunk)
    if (this.#waiting && this.#frames.length > MAX_WAITING_BYTES) this.#socket.pause()
    this.#serve()
  }

  /** For an answer, or for the client to read those it has. */
  get #waiting(): boolean {
    return this.#busy || this.#socket.writableNeedDrain
  }

  #serve(): void {
    const { handler } = this.#settings
    try {
      while (!this.#waiting && !this.#over) {
        const limit = handler.authenticated ? MAX_FRAME_BYTES : MAX_FRAME_BYTES_UNAUTHENTICATED
        const frame = this.#frames.next(limit)
        if (frame === undefined) return void this.#socket.resume()
        const outcome = handler.handle(frame)
        if (outcome instanceof Promise) this.#wait(outcome)
        else this.#settle(outcome)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #wait(outcome: Promise<Outcome>): void {
    this.#busy = true
    outcome.then(
      (settled) => {
        this.#busy = false
        this.#settle(settled)
        this.#serve()
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #settle(outcome: Outcome): void {
    const { afterMs, ...rest } = outcome
    if (this.#over) return
    if (afterMs !== undefined) {
      this.#later(afterMs, rest)
      return
    }
    if (outcome.ending === 'refused') {
      this.#later(REFUSED_MS, { ...rest, ending: 'close' })
      return
    }
    if (outcome.response !== undefined) this.#write(outcome.response.frame(), outcome.firstBytes)
    if (outcome.ending === 'close') this.#end()
    if (outcome.ending === 'reset') this.#reset()
    if (outcome.ending === 'hang') this.#ignore()
  }

  #write(frame: Buffer, firstBytes: number | undefined): void {
    const end = firstBytes === undefined ? frame.length : Math.min(firstBytes, frame.length - 1)
    this.#socket.write(frame.subarray(0, end))
  }

  #later(ms: number, outcome: Outcome): void {
    this.#busy = true
    this.#timer = setTimeout(() => {
      this.#busy = false
      this.#settle(outcome)
      this.#serve()
    }, ms)
  }

  #fail(error: unknown): void {
    if (!(error instanceof MalformedError)) this.#settings.onError(error)
    this.#end()
  }

  /** Reads on, to learn when the client goes. */
  #ignore(): void {
    this.#over = true
    this.#socket.resume()
  }

  /** Not before what was written is out. */
  #reset(): void {
    this.#over = true
    this.#socket.write('', () => this.#settings.reset())
  }

  /** What was written still goes out. */
  #end(): void {
    this.#over = true
    this.#socket.destroySoon()
  }
}
