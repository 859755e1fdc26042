import type { IdentityRegistry } from './identities.ts'
import { isLocalKey, localSecretOf, localSessionOf } from './local-keys.ts'
import { parseToken, type SignedRequest } from './signed-request.ts'
import { ALGORITHM, isSignedWith } from './sigv4.ts'
import { accessDenied, invalidPayload } from './token-refused.ts'

export { TokenRefused } from './token-refused.ts'

/** Whose token it was, and how long the session may last that it opens. */
export interface VerifiedToken {
  readonly principal: string
  /** Epoch ms. */
  readonly expiresAt: number
  /** Epoch ms. */
  readonly signedAt: number
}

/** Takes a client's token or refuses it, as a broker of MSK does. */
export interface TokenVerifier {
  /** @throws TokenRefused, and nothing else */
  verify(token: string): VerifiedToken
}

export interface TokenVerifierOptions {
  /** The region of the cluster. */
  readonly region: string
  readonly identities: IdentityRegistry
  /** The clock, epoch ms; default the system's. */
  readonly now?: () => number
}

/** Whose key it is, and what it signs with. */
interface Key {
  readonly principal: string
  readonly secretAccessKey: string
  readonly mayConnect: boolean
}

interface Credential {
  readonly accessKeyId: string
  /** date/region/service/aws4_request */
  readonly scope: string
  readonly date: string
  readonly region: string
}

const ACTION = 'kafka-cluster:Connect'
const PARAMETERS: ReadonlySet<string> = new Set([
  'Action',
  'User-Agent',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
])
const CREDENTIAL = /^([A-Z0-9]{16,128})\/((\d{8})\/([a-z0-9-]+)\/kafka-cluster\/aws4_request)$/
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
/** With a fraction, which the official signer gives when the credentials are about to expire. */
const SECONDS = /^\d{1,3}(\.\d+)?$/
const LONGEST_SECONDS = 900
const CLOCK_TOLERANCE_MS = 5 * 60_000

/** Which text stands for which fault is assumed wherever a comment says so: users' reports name only two. */
export function createTokenVerifier({
  region,
  identities,
  now = () => Date.now(),
}: TokenVerifierOptions): TokenVerifier {
  return {
    verify(token) {
      const request = parseToken(token)
      checkTarget(request, region)
      const credential = credentialOf(request)
      const signedAt = signedAtOf(request, credential.date, now())
      const expiresAt = expiresAtOf(request, signedAt, now())
      // Assumed. Before the signature, which is then wrong as well: this is the reason that helps.
      ensure(credential.region === region, 'signed for another region')

      const key = keyOf(credential.accessKeyId, request, identities, now())
      // Reported by users: the one text that is known to mean a signature.
      ensure(isSignedWith(key.secretAccessKey, request, credential.scope), 'the signature does not match')
      // Reported by users. Not before the signature: who cannot sign is told nothing about permissions.
      if (!key.mayConnect) throw accessDenied(`the principal has no permission ${ACTION}`)
      return { principal: key.principal, expiresAt, signedAt }
    },
  }
}

/** Assumed: the text for each of these. */
function checkTarget({ scheme, host, path, parameters }: SignedRequest, region: string): void {
  ensure(scheme === 'https', 'not https')
  ensure(host === `kafka.${region}.amazonaws.com`, `not the host of ${region}`)
  ensure(path === '/', 'not the path /')
  for (const name of parameters.keys()) ensure(PARAMETERS.has(name), 'an unknown query parameter')
  ensure(parameters.get('Action') === ACTION, `not the action ${ACTION}`)
  ensure(parameters.get('X-Amz-Algorithm') === ALGORITHM, `not ${ALGORITHM}`)
  ensure(parameters.get('X-Amz-SignedHeaders') === 'host', 'signed headers other than host')
}

/** Assumed: the text. */
function credentialOf(request: SignedRequest): Credential {
  const [, accessKeyId = '', scope = '', date = '', region = ''] = match(
    request,
    'X-Amz-Credential',
    CREDENTIAL,
  )
  return { accessKeyId, scope, date, region }
}

/** Assumed: the text, and how far a client's clock may be ahead. */
function signedAtOf(request: SignedRequest, scopeDate: string, now: number): number {
  const [date, year, month, day, hours, minutes, seconds] = match(request, 'X-Amz-Date', DATE)
  ensure(date.startsWith(scopeDate), "X-Amz-Date is not of the credential scope's day")
  const iso = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`
  const signedAt = Date.parse(iso)
  // Date.parse takes the 30th of February for a day in March.
  ensure(!Number.isNaN(signedAt) && new Date(signedAt).toISOString() === iso, 'X-Amz-Date is no date')
  ensure(signedAt <= now + CLOCK_TOLERANCE_MS, 'signed in the future')
  return signedAt
}

/** Assumed: the text, and that a token of more than the signers' 900 s is refused. */
function expiresAtOf(request: SignedRequest, signedAt: number, now: number): number {
  const seconds = Number(match(request, 'X-Amz-Expires', SECONDS)[0])
  ensure(seconds <= LONGEST_SECONDS, `X-Amz-Expires is over ${LONGEST_SECONDS}`)
  const expiresAt = signedAt + Math.round(seconds * 1000)
  ensure(expiresAt > now, 'expired')
  return expiresAt
}

/** Assumed: that a key which nobody has, or a session that nobody may open, is denied like a missing permission. */
function keyOf(
  accessKeyId: string,
  { parameters }: SignedRequest,
  identities: IdentityRegistry,
  now: number,
): Key {
  if (!isLocalKey(accessKeyId)) {
    // A session token beside such a key is signed with the rest, and says nothing to us.
    const identity = identities.find(accessKeyId)
    if (identity === undefined) throw accessDenied('an unknown access key')
    return { ...identity, mayConnect: identities.mayConnect(identity.principal) }
  }
  const session = localSessionOf(parameters.get('X-Amz-Security-Token') ?? '')
  if (session === undefined) throw accessDenied('a temporary key without a session token of the local STS')
  // Assumed: the text where the credentials have expired and the token has not.
  ensure(session.expiration > now, 'the session token has expired')
  const { principal } = session
  return {
    principal,
    secretAccessKey: localSecretOf(accessKeyId),
    mayConnect: identities.mayConnect(principal),
  }
}

function match(request: SignedRequest, name: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(request.parameters.get(name) ?? '')
  if (found === null) throw invalidPayload(`${name} is missing or malformed`)
  return found
}

function ensure(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw invalidPayload(otherwise)
}
