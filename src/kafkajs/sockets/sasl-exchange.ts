import type { Socket } from 'node:net'
import type { AuthenticationKind, ReportedExchange } from '../../authentication/exchange.ts'
import { kafkaErrorName } from '../../failures/kafka-errors.ts'
import { activeContext } from '../../telemetry/contexts.ts'
import { AnswerClock } from './answer-clock.ts'
import { errorCodeOf, idOfAnswer, idOfRequest, mechanismsOf } from './kafka-frame.ts'

/** The connection that an exchange is on. */
export interface Wire {
  readonly socket: Socket
  readonly host: string
  readonly port: number
  /** How long a broker may take for its answers to one exchange, ms. */
  readonly authenticationTimeout: number
  readonly onFailedHandshake: ((failed: ReportedExchange) => void) | undefined
  /** Writes as kafkajs would. */
  write(...args: unknown[]): void
  /** The last request that is not of SASL and not answered yet. */
  owed(): number | undefined
  /** How many requests kafkajs has begun before the last SaslHandshake and not written yet. */
  missing(): number
  /** When kafkajs last wrote a request that is not of SASL, monotonic ms. */
  lastWrite(): number
  /** Hands kafkajs an answer. */
  deliver(answer: Buffer): void
}

/**
 * One SASL/OAUTHBEARER exchange: SaslHandshake, then SaslAuthenticate. kafkajs calls the authentication provider in
 * between, and from then on the exchange is the provider's.
 */
export abstract class SaslExchange {
  abstract readonly kind: AuthenticationKind
  protected readonly wire: Wire
  protected readonly clock: AnswerClock
  #taken = false
  readonly #context = activeContext()

  constructor(wire: Wire) {
    this.wire = wire
    this.clock = new AnswerClock(wire.authenticationTimeout, () => this.#unanswered())
  }

  /** kafkajs writes SaslAuthenticate. @returns whether that was done here, and nothing more is to be written */
  abstract authenticate(request: Buffer, args: unknown[]): boolean
  /** kafkajs writes something else. @returns whether it is kept */
  abstract keeps(args: unknown[]): boolean
  /** @returns whether it was an answer to this exchange, and is dealt with */
  abstract answer(frame: Buffer): boolean
  /** It was good, and kafkajs knows. */
  abstract readonly finished: boolean
  /** No token will be sent in this exchange. */
  abstract abandon(): Promise<void>

  /** Whether a provider of ours has taken it. */
  get taken(): boolean {
    return this.#taken
  }

  /** Whether what answered the token was the answer to the handshake, and another SaslAuthenticate asks for its own. */
  get answersApart(): boolean {
    return false
  }

  /** The broker has answered another request. */
  answeredOther(id: number): void {
    this.clock.answered(id)
  }

  /** kafkajs begins another exchange though this one waits for the broker: it no longer waits itself. */
  givenUp(): void {
    if (this.clock.running) this.#unanswered()
  }

  /** The connection has closed. */
  end(): void {
    this.clock.stop()
  }

  take(): this {
    this.#taken = true
    return this
  }

  /** Closes the connection in a way that kafkajs takes for a broken one; resolves when kafkajs knows. */
  async close(reason = 'The authentication failed, so that this connection cannot be used'): Promise<void> {
    const { socket } = this.wire
    this.end()
    if (socket.closed) return
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.destroy(new Error(reason))
    await closed
  }

  /** Gives kafkajs the answer to its SaslHandshake. A provider that it calls because of it finds this exchange. */
  protected offer(answer: Buffer): void {
    offered.add(this)
    this.wire.deliver(answer)
    // Between an answer and the provider kafkajs waits for nothing but promises. They are all done before the next tick,
    // and that comes before anything of another connection: its provider shall not find an exchange that nobody took.
    queueMicrotask(() => process.nextTick(() => offered.delete(this)))
  }

  at(host: string, port: number): boolean {
    return this.wire.host === host && this.wire.port === port
  }

  protected reportHandshake(error: Error): void {
    const { host, port, onFailedHandshake } = this.wire
    onFailedHandshake?.({ host, port, kind: this.kind, error, ms: this.clock.waited, context: this.#context })
  }

  #unanswered(): void {
    const ms = Math.round(this.clock.waited)
    const error = new Error(`The broker did not answer the authentication within ${ms} ms`)
    if (!this.#taken) this.reportHandshake(error)
    void this.close(error.message)
  }
}

/** In the order in which kafkajs comes to call their providers, where data of several connections comes in one tick. */
const offered = new Set<SaslExchange>()

/** The exchange that kafkajs has just called a provider for, where its socket is one of ours. To be called at once. */
export function takeExchange(host: string, port: number): SaslExchange | undefined {
  for (const exchange of offered) {
    if (!exchange.at(host, port)) continue
    offered.delete(exchange)
    return exchange.take()
  }
  return undefined
}

/** The first exchange of a connection: in the order of kafkajs, since a token is only for one who speaks its mechanism. */
export class FirstExchange extends SaslExchange {
  readonly kind: AuthenticationKind = 'initial'
  /** The broker's answer to the handshake. */
  handshakeAnswer: Buffer | undefined
  finished = false
  readonly #handshake: number
  #token: number | undefined

  constructor(wire: Wire, handshake: Buffer) {
    super(wire)
    this.#handshake = idOfRequest(handshake)
    this.clock.start(wire.owed())
  }

  authenticate(request: Buffer): boolean {
    this.#token = idOfRequest(request)
    this.clock.start(this.wire.owed())
    return false
  }

  keeps(): boolean {
    return false
  }

  answer(frame: Buffer): boolean {
    const id = idOfAnswer(frame)
    if (id === this.#token) {
      this.clock.stop()
      this.finished = errorCodeOf(frame) === 0
      return false
    }
    if (id !== this.#handshake || this.handshakeAnswer) return false
    this.clock.stop()
    // A copy: the frame is a part of all that came with it.
    this.handshakeAnswer = Buffer.from(frame)
    const error = errorOfHandshake(frame)
    if (!error) {
      this.offer(frame)
      return true
    }
    this.reportHandshake(error)
    return false
  }

  abandon(): Promise<void> {
    return this.close('There was no token to authenticate this connection with')
  }

  /** With a token of somebody else's it is not ours to record. */
  protected override reportHandshake(error: Error): void {
    if (this.#token === undefined) super.reportHandshake(error)
  }
}

/** In the words of kafkajs, of which the failure is read. */
const WORDS: Readonly<Record<string, string>> = {
  UNSUPPORTED_SASL_MECHANISM: 'The broker does not support the requested SASL mechanism',
  ILLEGAL_SASL_STATE: 'Request is not valid given the current SASL state',
}

/** What kafkajs makes of this answer before it calls a provider. */
function errorOfHandshake(answer: Buffer): Error | undefined {
  const code = errorCodeOf(answer)
  if (code === 0) {
    if (mechanismsOf(answer)?.includes('OAUTHBEARER') ?? true) return undefined
    return new Error('SASL OAUTHBEARER mechanism is not supported by the server')
  }
  const type = kafkaErrorName(code)
  const message = WORDS[type ?? ''] ?? `The broker answered the SaslHandshake with ${type ?? `error ${code}`}`
  return Object.assign(new Error(message), { type })
}
