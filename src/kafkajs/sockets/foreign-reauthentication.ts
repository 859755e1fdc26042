import type { AuthenticationKind } from '../../authentication/exchange.ts'
import { errorCodeOf, idOfAnswer, idOfRequest } from './kafka-frame.ts'
import { QuietMoment } from './quiet-moment.ts'
import { FirstExchange, type Wire } from './sasl-exchange.ts'

const ILLEGAL_SASL_STATE = 34

/**
 * A repeated exchange of an authentication provider that is not ours, kafkajs's own for an `oauthBearerProvider` among
 * them. Its handshake only waits until kafkajs has written what it was encoding. It is not sent together with the token:
 * a handshake that fails, or is late, is tried again by kafkajs, but what fails from SaslAuthenticate on is final with its
 * own provider.
 */
export class ForeignReauthentication extends FirstExchange {
  override readonly kind: AuthenticationKind = 'reauthentication'
  readonly #handshake: number
  readonly #writing: QuietMoment

  constructor(wire: Wire, handshake: Buffer) {
    super(wire, handshake)
    this.#handshake = idOfRequest(handshake)
    this.#writing = new QuietMoment(wire, () => {
      wire.write(handshake)
      this.clock.start(wire.owed())
    })
  }

  /**
   * A broker that says so closes the connection. kafkajs hangs for ever where it hears it with several sends behind the
   * exchange; a connection that is closed it replaces.
   */
  override answer(frame: Buffer): boolean {
    if (idOfAnswer(frame) !== this.#handshake || errorCodeOf(frame) !== ILLEGAL_SASL_STATE)
      return super.answer(frame)
    void this.close('The broker did not expect a SASL exchange now')
    return true
  }

  override end(): void {
    super.end()
    this.#writing.cancel()
  }

  /** As without us: kafkajs begins again on the same connection. */
  override givenUp(): void {}

  protected override reportHandshake(): void {}
}
