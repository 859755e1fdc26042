import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, type Faults, requestFault } from './faults.ts'
import type { IdentityRegistry } from './iam/identities.ts'
import {
  createTokenVerifier,
  TokenRefused,
  type TokenVerifier,
  type VerifiedToken,
} from './iam/token-verifier.ts'
import type { Exchange, ExchangeAnswer } from './protocol/broker.ts'
import { RateLimit } from './rate-limit.ts'

/** What became of one authentication. */
export interface SandboxAuthentication {
  /** Index of the broker. */
  readonly broker: number
  readonly connection: number
  readonly kind: 'initial' | 'reauthentication'
  /** Who it was, where the token was good. */
  readonly principal: string | undefined
  /** `accepted`, or what went wrong: a refusal without its request id, or the `connection` of a fault. */
  readonly outcome: string
}

export interface SaslAuthenticatorOptions {
  readonly region: string
  readonly identities: IdentityRegistry
  readonly faults: Faults
  readonly sessionSeconds: number | undefined
  readonly connectionsPerSecond: number | undefined
}

const TOO_MANY = 'Too many connects'

/** What a broker answers to a token: it verifies it, limits the rate, and applies the faults. */
export class SaslAuthenticator {
  readonly authentications: SandboxAuthentication[] = []
  readonly #options: SaslAuthenticatorOptions
  readonly #verifier: TokenVerifier
  readonly #limit: RateLimit | undefined

  constructor(options: SaslAuthenticatorOptions) {
    const { connectionsPerSecond } = options
    this.#options = options
    this.#verifier = createTokenVerifier(options)
    this.#limit = connectionsPerSecond === undefined ? undefined : new RateLimit(connectionsPerSecond)
  }

  async answer(exchange: Exchange): Promise<ExchangeAnswer> {
    const { broker, connection, onConnection, token } = exchange
    const kind = onConnection === 1 ? 'initial' : 'reauthentication'
    const done = (outcome: string, answer: ExchangeAnswer, principal?: string): ExchangeAnswer => {
      this.authentications.push({ broker, connection, kind, principal, outcome })
      return answer
    }
    const refuse = (text: string, principal?: string) =>
      done(text, { kind: 'refuse', message: `[${randomUUID()}]: ${text}` }, principal)

    if (this.#limit?.admits(broker, Date.now()) === false) return refuse(TOO_MANY)
    const verified = this.#verify(token)
    if (verified instanceof TokenRefused) return refuse(verified.text)
    const { principal } = verified
    const fault = this.#options.faults.strike({ apiName: 'SaslAuthenticate', broker, principal })
    if (fault && 'refuse' in fault) return refuse(fault.refuse, principal)
    if (fault && 'throttle' in fault) return refuse(TOO_MANY, principal)
    if (fault && 'delayMs' in fault) await sleep(fault.delayMs, undefined, { ref: false })
    const outcome = fault && 'connection' in fault ? fault.connection : 'accepted'
    return done(outcome, this.#admit(verified, fault), principal)
  }

  #verify(token: string): VerifiedToken | TokenRefused {
    try {
      return this.#verifier.verify(token)
    } catch (error) {
      if (error instanceof TokenRefused) return error
      throw error
    }
  }

  #admit({ principal, expiresAt }: VerifiedToken, fault: Fault | undefined): ExchangeAnswer {
    const struck = fault && requestFault(fault)
    if (struck?.kind === 'hang' || struck?.kind === 'close' || struck?.kind === 'reset')
      return { kind: struck.kind }
    const answerFault = struck?.kind === 'cut' || struck?.kind === 'loseAcknowledgement' ? struck : undefined
    const { sessionSeconds = Number.POSITIVE_INFINITY } = this.#options
    const sessionLifetimeMs = Math.floor(Math.min(expiresAt - Date.now(), sessionSeconds * 1000))
    return {
      kind: 'accept',
      principal,
      sessionLifetimeMs,
      ...(answerFault ? { fault: answerFault } : {}),
      ...(fault && 'expireAfterMs' in fault ? { endsAfterMs: fault.expireAfterMs } : {}),
    }
  }
}
