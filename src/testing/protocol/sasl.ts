import { ApiKey, ErrorCode } from './api.ts'
import { tokenOf } from './oauthbearer.ts'
import { type Outcome, type Request, required, respond } from './request.ts'
import { type AnswerFault, withFault } from './request-fault.ts'
import { Writer } from './writer.ts'

export type ExchangeAnswer =
  | Accepted
  /** Default of the code: SASL_AUTHENTICATION_FAILED. */
  | { readonly kind: 'refuse'; readonly message: string; readonly errorCode?: number }
  | { readonly kind: 'close' | 'reset' | 'hang' }

interface Accepted {
  readonly kind: 'accept'
  readonly principal: string
  /** As the client is told; 0: without an end. */
  readonly sessionLifetimeMs: number
  /** The session ends after so long if that is sooner, which the client is not told. */
  readonly endsAfterMs?: number
  /** What the answer carries: there some callback handlers put an error of OAuth, beside the code for success. */
  readonly authBytes?: string
  /** What goes wrong with the answer. */
  readonly fault?: AnswerFault
}

/** One exchange, as the session knows it. */
export interface TokenOffered {
  readonly token: string
  readonly onConnection: number
  readonly previousPrincipal: string | undefined
}

export interface SaslHost {
  readonly ask: Ask
  readonly principalType: string
  readonly mechanisms: readonly string[]
  /** How soon after a re-authentication there may be another. */
  readonly reauthenticationIntervalMs: number
}

export type Ask = (offered: TokenOffered) => ExchangeAnswer | Promise<ExchangeAnswer>

/** Those that the listener has; only OAUTHBEARER is served. */
export const DEFAULT_MECHANISMS: readonly string[] = ['OAUTHBEARER']
/** Kafka lets a client authenticate again on a connection once a second. */
export const REAUTHENTICATION_INTERVAL_MS = 1_000
const INVALID = (what: string) =>
  `Authentication failed during ${what} due to invalid credentials with SASL mechanism OAUTHBEARER`

/** SASL on one connection, in the order that Kafka's SaslServerAuthenticator keeps. */
export class SaslSession {
  readonly #ask: Ask
  readonly #principalType: string
  readonly #mechanisms: readonly string[]
  readonly #reauthenticationIntervalMs: number
  /** `rawToken`: after SaslHandshake 0 tokens come without any header. */
  #state: 'handshake' | 'token' | 'rawToken' | 'authenticated' = 'handshake'
  #versionsTold = false
  #exchanges = 0
  #principal: string | undefined
  #sessionEnds: number | undefined
  #reauthenticated = Number.NEGATIVE_INFINITY

  constructor({ ask, principalType, mechanisms, reauthenticationIntervalMs }: SaslHost) {
    this.#ask = ask
    this.#principalType = principalType
    this.#mechanisms = mechanisms
    this.#reauthenticationIntervalMs = reauthenticationIntervalMs
  }

  get principal(): string | undefined {
    return this.#principal
  }

  /** Ends the session of one who has authenticated. */
  expire(): void {
    this.#sessionEnds = Number.NEGATIVE_INFINITY
  }

  get awaitsRawToken(): boolean {
    return this.#state === 'rawToken'
  }

  /** Whether Kafka, waiting for a token, answers such a request with an error before it closes the connection. */
  interruptedBy({ apiKey }: Request): boolean {
    return this.#state === 'token' && apiKey !== ApiKey.SaslAuthenticate && apiKey !== ApiKey.SaslHandshake
  }

  /** Whether Kafka would look at such a request now. If not, it closes the connection. */
  admits({ apiKey, served }: Request): boolean {
    if (this.#state === 'token') return true
    if (this.#state === 'authenticated')
      return !this.#expired || (apiKey === ApiKey.SaslHandshake && this.#mayReauthenticate)
    if (apiKey !== ApiKey.ApiVersions) return apiKey === ApiKey.SaslHandshake
    const first = !this.#versionsTold
    this.#versionsTold ||= served
    return first
  }

  /** SaslHandshake 0–1. */
  handshake(request: Request, fault: number): Outcome {
    const mechanism = required(request.body.string())
    const answer = (errorCode: number, mechanisms: readonly string[] = []) => {
      const response = respond(request).int16(errorCode)
      return response.array(mechanisms, (name) => response.string(name))
    }
    if (fault !== ErrorCode.None) return { response: answer(fault), ending: 'refused' }
    if (this.#state === 'token') return { response: answer(ErrorCode.IllegalSaslState), ending: 'refused' }
    if (this.#state === 'authenticated') {
      // Not a re-authentication for Kafka, but a request like others, with a wrong answer. The connection lives on.
      if (!this.#mayReauthenticate) return { response: answer(ErrorCode.IllegalSaslState) }
      this.#reauthenticated = performance.now()
    }
    if (!this.#mechanisms.includes(mechanism)) {
      // Kafka has no words for it on re-authentication.
      if (this.#principal !== undefined) return { ending: 'close' }
      return { response: answer(ErrorCode.UnsupportedSaslMechanism, this.#mechanisms), ending: 'refused' }
    }
    this.#state = request.apiVersion === 0 ? 'rawToken' : 'token'
    return { response: answer(ErrorCode.None, this.#mechanisms) }
  }

  /** SaslAuthenticate 0–2. */
  async authenticate(request: Request, fault: number): Promise<Outcome> {
    const authBytes = required(request.body.bytes())
    const answer = (errorCode: number, message: string, sessionLifetimeMs = 0, authBytes = '') => {
      const response = respond(request).int16(errorCode).string(message).bytes(Buffer.from(authBytes))
      if (request.apiVersion >= 1) response.int64(sessionLifetimeMs)
      return response.tags()
    }
    if (this.#state !== 'token') {
      const message = 'SaslAuthenticate request received after successful authentication'
      return { response: answer(ErrorCode.IllegalSaslState, message) }
    }
    if (fault !== ErrorCode.None) return { response: answer(fault, ''), ending: 'refused' }
    const outcome = await this.#exchange(authBytes)
    if (outcome.kind === 'refuse') {
      const { message, errorCode = ErrorCode.SaslAuthenticationFailed } = outcome
      return { response: answer(errorCode, message), ending: 'refused' }
    }
    if (outcome.kind !== 'accept') return { ending: outcome.kind }
    return accepted(answer(ErrorCode.None, '', outcome.sessionLifetimeMs, outcome.authBytes), outcome)
  }

  /** What follows SaslHandshake 0: bytes without a header, and no words for a refusal. */
  async authenticateRaw(authBytes: Buffer): Promise<Outcome> {
    const outcome = await this.#exchange(authBytes)
    if (outcome.kind === 'accept') return accepted(new Writer(false).int32(0), outcome)
    return { ending: outcome.kind === 'refuse' ? 'close' : outcome.kind }
  }

  async #exchange(authBytes: Buffer): Promise<ExchangeAnswer> {
    const previous = this.#principal
    const token = tokenOf(authBytes)
    if (token === undefined)
      return {
        kind: 'refuse',
        message: INVALID(previous === undefined ? 'authentication' : 're-authentication'),
      }
    this.#exchanges += 1
    const answer = await this.#ask({ token, onConnection: this.#exchanges, previousPrincipal: previous })
    if (answer.kind !== 'accept') return answer
    const { principal, sessionLifetimeMs, endsAfterMs = Number.POSITIVE_INFINITY } = answer
    if (previous !== undefined && previous !== principal) {
      const [from, to] = [previous, principal].map((name) => `${this.#principalType}.${name}`)
      return {
        kind: 'refuse',
        message: `Cannot change principals during re-authentication from ${from}: ${to}`,
      }
    }
    this.#state = 'authenticated'
    this.#principal = principal
    const lasts = Math.min(sessionLifetimeMs || Number.POSITIVE_INFINITY, endsAfterMs)
    this.#sessionEnds = Number.isFinite(lasts) ? performance.now() + lasts : undefined
    return answer
  }

  get #expired(): boolean {
    return this.#sessionEnds !== undefined && performance.now() > this.#sessionEnds
  }

  /** A session without an end needs no renewing, and gets none. */
  get #mayReauthenticate(): boolean {
    const elapsed = performance.now() - this.#reauthenticated
    return this.#sessionEnds !== undefined && elapsed >= this.#reauthenticationIntervalMs
  }
}

const accepted = (response: Writer, { fault }: Accepted): Outcome =>
  fault ? withFault({ response }, fault) : { response }
