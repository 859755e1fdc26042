import { answerTo, authenticateAnswer, errorCodeOf, idOfAnswer, idOfRequest } from './kafka-frame.ts'
import { QuietMoment } from './quiet-moment.ts'
import { SaslExchange, type Wire } from './sasl-exchange.ts'

/**
 * A repeated exchange. kafkajs (2.2.4) looks whether the session is due, then encodes a request, then writes it: what it
 * has begun to encode before a re-authentication it writes between SaslHandshake and SaslAuthenticate, and Kafka closes
 * the connection. So the two go out together, when kafkajs has the token:
 *
 *     kafkajs                 broker
 *     SaslHandshake           (kept; answered as the first one was, with a copy)
 *     SaslAuthenticate        SaslHandshake, SaslAuthenticate in one write
 *     its answer              is that to the handshake
 *     SaslAuthenticate        (not sent: it asks for …)
 *     its answer              is that to the token
 *
 * The second SaslAuthenticate gives each of the broker's answers the time that kafkajs gives to a request; without it
 * kafkajs would give up the exchange where both together take longer. Only a provider of ours sends it: see
 * ForeignReauthentication.
 */
export class Reauthentication extends SaslExchange {
  readonly kind = 'reauthentication'
  /** Whose answer is to come: nobody's while the handshake is kept. */
  #stage: 'kept' | 'handshake' | 'token' | 'succeeded' | 'failed' = 'kept'
  readonly #handshake: Buffer
  readonly #answering: QuietMoment
  /** The SaslAuthenticate that carries the token. */
  #token: Buffer | undefined
  /** The SaslAuthenticate that kafkajs waits for. */
  #asking: Buffer | undefined
  #tokenAnswer: Buffer | undefined
  #answersApart = false
  /** Calls of `write` with other requests. */
  #kept: unknown[][] = []

  constructor(wire: Wire, handshake: Buffer, firstAnswer: Buffer) {
    super(wire)
    this.#handshake = handshake
    // What kafkajs is still encoding goes out before the exchange, and so need not wait for it.
    this.#answering = new QuietMoment(wire, () => this.offer(answerTo(handshake, firstAnswer)))
  }

  get finished(): boolean {
    return this.#stage === 'succeeded' && this.#tokenAnswer === undefined
  }

  override get answersApart(): boolean {
    return this.#answersApart
  }

  authenticate(request: Buffer, [, ...rest]: unknown[]): boolean {
    this.#asking = request
    if (this.#token) {
      // Not at once: kafkajs has not noted yet that it has written.
      setImmediate(() => this.#giveTokenAnswer())
      return true
    }
    this.#token = request
    this.#stage = 'handshake'
    this.wire.write(Buffer.concat([this.#handshake, request]), ...rest)
    this.clock.start(this.wire.owed())
    return true
  }

  /**
   * Other requests wait for the answer to the handshake, and where one does, for that to the token. kafkajs gives none
   * of them up sooner than the SaslAuthenticate that it wrote before, which has no answer as long as they wait; and then
   * the connection is closed at once. So nothing is written that kafkajs has given up.
   */
  keeps(args: unknown[]): boolean {
    if (this.#stage === 'kept' || this.#stage === 'succeeded') return false
    if (this.#answersApart && this.#stage === 'token') return false
    this.#kept.push(args)
    return true
  }

  answer(frame: Buffer): boolean {
    if (!this.#token) return false
    const id = idOfAnswer(frame)
    if (id === idOfRequest(this.#token)) this.#onTokenAnswer(frame)
    // Where it comes a second time it is nobody's, and says nothing of the exchange.
    else if (id === idOfRequest(this.#handshake) && this.#stage === 'handshake')
      this.#onHandshakeAnswer(this.#token, errorCodeOf(frame))
    else return false
    return true
  }

  /** The handshake has not been written, so the session and the connection are as they were. */
  async abandon(): Promise<void> {
    this.end()
  }

  override end(): void {
    super.end()
    this.#answering.cancel()
    this.#kept = []
  }

  #onHandshakeAnswer(token: Buffer, code: number): void {
    this.#stage = code === 0 ? 'token' : 'failed'
    if (code !== 0) this.clock.stop()
    else if (this.#kept.length > 0) return
    this.#answersApart = true
    this.#asking = undefined
    this.wire.deliver(authenticateAnswer(token, code))
  }

  #onTokenAnswer(answer: Buffer): void {
    // After a handshake that failed it says nothing new.
    if (this.#stage !== 'token') return
    this.clock.stop()
    this.#stage = errorCodeOf(answer) === 0 ? 'succeeded' : 'failed'
    if (this.#stage === 'succeeded') for (const args of this.#kept.splice(0)) this.wire.write(...args)
    this.#tokenAnswer = answer
    this.#giveTokenAnswer()
  }

  #giveTokenAnswer(): void {
    if (!this.#asking || !this.#tokenAnswer) return
    const answer = answerTo(this.#asking, this.#tokenAnswer)
    this.#asking = undefined
    this.#tokenAnswer = undefined
    this.wire.deliver(answer)
  }
}
