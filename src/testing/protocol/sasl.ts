import { ApiKey, ErrorCode } from './api.ts'
import { tokenOf } from './oauthbearer.ts'
import { type Outcome, type Request, required, respond } from './request.ts'
import { Writer } from './writer.ts'

export type ExchangeAnswer =
  | { readonly kind: 'accept'; readonly principal: string; readonly sessionLifetimeMs: number }
  | { readonly kind: 'refuse'; readonly message: string }
  | { readonly kind: 'close' | 'reset' | 'hang' }

/** One exchange, as the session knows it. */
export interface TokenOffered {
  readonly token: string
  readonly onConnection: number
  readonly previousPrincipal: string | undefined
}

export type Ask = (offered: TokenOffered) => ExchangeAnswer | Promise<ExchangeAnswer>

const MECHANISMS = ['OAUTHBEARER']
/** Kafka lets a client authenticate again on a connection once a second. */
const REAUTHENTICATION_INTERVAL_MS = 1_000
const INVALID = (what: string) =>
  `Authentication failed during ${what} due to invalid credentials with SASL mechanism OAUTHBEARER`

/** SASL on one connection, in the order that Kafka's SaslServerAuthenticator keeps. */
export class SaslSession {
  readonly #ask: Ask
  readonly #principalType: string
  /** `rawToken`: after SaslHandshake 0 tokens come without any header. */
  #state: 'handshake' | 'token' | 'rawToken' | 'authenticated' = 'handshake'
  #versionsTold = false
  #exchanges = 0
  #principal: string | undefined
  #sessionEnds: number | undefined
  #reauthenticated = Number.NEGATIVE_INFINITY

  constructor(ask: Ask, principalType: string) {
    this.#ask = ask
    this.#principalType = principalType
  }

  get principal(): string | undefined {
    return this.#principal
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
    if (!MECHANISMS.includes(mechanism)) {
      // Kafka has no words for it on re-authentication.
      if (this.#principal !== undefined) return { ending: 'close' }
      return { response: answer(ErrorCode.UnsupportedSaslMechanism, MECHANISMS), ending: 'refused' }
    }
    this.#state = request.apiVersion === 0 ? 'rawToken' : 'token'
    return { response: answer(ErrorCode.None, MECHANISMS) }
  }

  /** SaslAuthenticate 0–2. */
  async authenticate(request: Request, fault: number): Promise<Outcome> {
    const authBytes = required(request.body.bytes())
    const answer = (errorCode: number, message: string, sessionLifetimeMs = 0) => {
      const response = respond(request).int16(errorCode).string(message).bytes(Buffer.alloc(0))
      if (request.apiVersion >= 1) response.int64(sessionLifetimeMs)
      return response.tags()
    }
    if (this.#state !== 'token') {
      const message = 'SaslAuthenticate request received after successful authentication'
      return { response: answer(ErrorCode.IllegalSaslState, message) }
    }
    if (fault !== ErrorCode.None) return { response: answer(fault, ''), ending: 'refused' }
    const outcome = await this.#exchange(authBytes)
    if (outcome.kind === 'refuse')
      return { response: answer(ErrorCode.SaslAuthenticationFailed, outcome.message), ending: 'refused' }
    if (outcome.kind !== 'accept') return { ending: outcome.kind }
    return { response: answer(ErrorCode.None, '', outcome.sessionLifetimeMs) }
  }

  /** What follows SaslHandshake 0: bytes without a header, and no words for a refusal. */
  async authenticateRaw(authBytes: Buffer): Promise<Outcome> {
    const outcome = await this.#exchange(authBytes)
    if (outcome.kind === 'accept') return { response: new Writer(false).int32(0) }
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
    const { principal, sessionLifetimeMs } = answer
    if (previous !== undefined && previous !== principal) {
      const [from, to] = [previous, principal].map((name) => `${this.#principalType}.${name}`)
      return {
        kind: 'refuse',
        message: `Cannot change principals during re-authentication from ${from}: ${to}`,
      }
    }
    this.#state = 'authenticated'
    this.#principal = principal
    this.#sessionEnds = sessionLifetimeMs > 0 ? performance.now() + sessionLifetimeMs : undefined
    return answer
  }

  get #expired(): boolean {
    return this.#sessionEnds !== undefined && performance.now() > this.#sessionEnds
  }

  /** A session without an end needs no renewing, and gets none. */
  get #mayReauthenticate(): boolean {
    const elapsed = performance.now() - this.#reauthenticated
    return this.#sessionEnds !== undefined && elapsed >= REAUTHENTICATION_INTERVAL_MS
  }
}
