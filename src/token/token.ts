import type { Runtime } from '../base/clocks-and-timers.ts'
import { MskIamTokenError } from '../failures/errors.ts'
import { reportOnce } from '../telemetry/guard.ts'
import type { SignedToken } from './types.ts'

/** A token that has passed the checks. */
export interface Token {
  readonly value: string
  /** Epoch ms. */
  readonly expiresAt: number
  /** Its life when it was received, ms. */
  readonly lifetime: number
  readonly receivedAt: number
  readonly receivedAtMonotonic: number
}

const MIN_LIFE_MS = 1_000
/** kafkajs authenticates again 10 s before a session ends: with shorter ones it does little else. */
const SHORT_LIFE_MS = 20_000
/** Epoch seconds stay below this until the year 5138; epoch ms passed it in 1973. */
const LARGEST_EPOCH_SECONDS = 1e11
/** RFC 6750, b64token. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
const RAW_CREDENTIALS = /^A[A-Z]{3}[A-Z0-9]{12,}:[^:\s]+/

/** Refuses what must not leave the process, and dates the rest. The value never appears in an error. */
export function checkedToken(signed: SignedToken, runtime: Runtime): Token {
  const { token, expiryTime } = signed ?? {}
  if (typeof token !== 'string' || token === '') {
    throw new MskIamTokenError('token_malformed', { detail: `the signer's \`token\` is ${kindOf(token)}` })
  }
  if (isRawCredentials(token)) throw new MskIamTokenError('raw_credentials_refused')
  if (!B64TOKEN.test(token)) {
    throw new MskIamTokenError('token_malformed', {
      detail: 'it has characters that a bearer token cannot have',
    })
  }
  if (typeof expiryTime !== 'number' || !Number.isFinite(expiryTime)) {
    throw new MskIamTokenError('token_malformed', {
      detail: `the signer's \`expiryTime\` is ${kindOf(expiryTime)}`,
    })
  }
  const now = runtime.now()
  const expiresAt = expiryTime < LARGEST_EPOCH_SECONDS ? expiryTime * 1000 : expiryTime
  const lifetime = expiresAt - now
  if (lifetime < MIN_LIFE_MS) {
    const seconds = Math.round(lifetime / 100) / 10
    throw new MskIamTokenError('token_expired', { detail: `it has ${seconds} s to live` })
  }
  if (lifetime < SHORT_LIFE_MS) {
    reportOnce(
      'a token',
      'it lives under 20 s: set `reauthenticationThreshold` of kafkajs to less than half of that',
    )
  }
  return { value: token, expiresAt, lifetime, receivedAt: now, receivedAtMonotonic: runtime.monotonic() }
}

/** Ms left: the smaller of what the two clocks say, so that neither a jump nor a sleep makes a dead token look alive. */
export function remainingLife(token: Token, runtime: Runtime): number {
  return Math.min(
    token.expiresAt - runtime.now(),
    token.lifetime - (runtime.monotonic() - token.receivedAtMonotonic),
  )
}

/** Ms since it was received: the larger of what the two clocks say. */
export function age(token: Token, runtime: Runtime): number {
  return Math.max(0, runtime.now() - token.receivedAt, runtime.monotonic() - token.receivedAtMonotonic)
}

/** As it is, or wrapped in base64 once more, as a published article has it. */
function isRawCredentials(token: string): boolean {
  if (/^[^:\s]+:[^:\s]+/.test(token)) return true
  return RAW_CREDENTIALS.test(Buffer.from(token, 'base64').toString('latin1'))
}

function kindOf(value: unknown): string {
  if (value === '') return 'empty'
  return value === null || value === undefined || Number.isNaN(value) ? String(value) : `a ${typeof value}`
}
