import type { Socket } from 'node:net'
import { BegunRequests } from './begun-requests.ts'
import type { DataFilter, DataListener } from './data-listener.ts'
import { ForeignReauthentication } from './foreign-reauthentication.ts'
import { Reauthentication } from './interleaved-reauthentication.ts'
import {
  apiKeyOf,
  expectsAnswer,
  framesIn,
  idOfAnswer,
  idOfRequest,
  lastIdIn,
  SASL_AUTHENTICATE,
  SASL_HANDSHAKE,
  versionOf,
} from './kafka-frame.ts'
import { FirstExchange, type SaslExchange, type Wire } from './sasl-exchange.ts'

/** Watches over the SASL exchanges of a connection. The filter has to be given whole responses. */
export function watchExchanges(
  socket: Socket,
  settings: Omit<Wire, 'socket' | 'write' | 'owed' | 'missing' | 'lastWrite' | 'deliver'>,
): DataFilter {
  return (pass) => {
    const write = socket.write
    const exchanges: SaslExchanges = new SaslExchanges({
      ...settings,
      socket,
      write: (...args) => void Reflect.apply(write, socket, args),
      owed: () => exchanges.owed,
      missing: () => exchanges.begun.missing,
      lastWrite: () => exchanges.lastWrite,
      deliver: (answer) => {
        if (!socket.destroyed) pass(answer)
      },
    })
    socket.write = function watchedWrite(this: Socket, ...args: unknown[]) {
      return exchanges.takes(args) || Reflect.apply(write, this, args)
    } as typeof write
    socket.once('close', () => exchanges.end())
    return (data) => exchanges.receive(data, pass)
  }
}

class SaslExchanges {
  readonly #wire: Wire
  /** The one under way. */
  #exchange: SaslExchange | undefined
  /** The one that the connection has authenticated with. */
  #first: FirstExchange | undefined

  readonly begun = new BegunRequests()
  lastWrite = Number.NEGATIVE_INFINITY
  /** A broker answers in the order of the requests, so that one tells of those before it. */
  owed: number | undefined

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** @returns whether nothing is left to be written */
  takes(args: unknown[]): boolean {
    const [chunk] = args
    const apiKey = apiKeyOf(chunk)
    if (apiKey === SASL_HANDSHAKE) return this.#begin(chunk as Buffer)
    if (apiKey !== undefined) this.begun.written(idOfRequest(chunk as Buffer))
    if (apiKey === SASL_AUTHENTICATE) return this.#underWay?.authenticate(chunk as Buffer, args) ?? false
    this.lastWrite = performance.now()
    if (apiKey !== undefined && expectsAnswer(chunk as Buffer)) this.owed = idOfRequest(chunk as Buffer)
    return this.#underWay?.keeps(args) ?? false
  }

  receive(data: Buffer, pass: DataListener): void {
    if (!this.#underWay) {
      this.#answered(lastIdIn(data))
      pass(data)
      return
    }
    for (const frame of framesIn(data)) {
      if (this.#exchange?.answer(frame)) continue
      this.#answered(idOfAnswer(frame))
      pass(frame)
    }
  }

  #answered(id: number): void {
    if (id === this.owed) this.owed = undefined
    this.#exchange?.answeredOther(id)
  }

  end(): void {
    this.#exchange?.end()
  }

  get #underWay(): SaslExchange | undefined {
    const exchange = this.#exchange
    if (!exchange?.finished) return exchange
    if (exchange instanceof FirstExchange) this.#first ??= exchange
    this.#exchange = undefined
    return undefined
  }

  /** @returns whether the handshake is kept */
  #begin(handshake: Buffer): boolean {
    this.begun.handshakeWritten(idOfRequest(handshake))
    if (!speaksOauthBearer(handshake)) return false
    const before = this.#underWay
    before?.givenUp()
    before?.end()
    if (this.#wire.socket.destroyed) return true
    this.#exchange = this.#next(handshake)
    return this.#exchange.kind === 'reauthentication'
  }

  #next(handshake: Buffer): SaslExchange {
    const first = this.#first
    if (!first) return new FirstExchange(this.#wire, handshake)
    // A connection has one provider.
    return first.taken && first.handshakeAnswer
      ? new Reauthentication(this.#wire, handshake, first.handshakeAnswer)
      : new ForeignReauthentication(this.#wire, handshake)
  }
}

/** Other mechanisms have other exchanges; after version 0 the token is no Kafka request. */
function speaksOauthBearer(handshake: Buffer): boolean {
  return versionOf(handshake) > 0 && handshake.subarray(-OAUTHBEARER.length).equals(OAUTHBEARER)
}

/** As a handshake ends: its length (int16), and the name. */
const OAUTHBEARER = Buffer.from('\0\x0bOAUTHBEARER')
