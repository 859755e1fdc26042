/**
 * The temporary keys of the local STS. Nobody has to hand them from the STS to a broker: a key's secret follows from
 * its id, and the session token says whose it is. The stack's broker (Identities.java) keeps to the same contract.
 */
import { createHmac, randomInt } from 'node:crypto'
import { decodeBase64Url } from './base64url.ts'

/** Temporary credentials, in the shape that the AWS SDK takes. */
export interface LocalCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

/** What a session token of the local STS says. */
export interface LocalSession {
  readonly principal: string
  /** Epoch ms. */
  readonly expiration: number
}

const TEST_KEY = 'kafka-iam-otel test key, not a secret'
const PREFIX = 'ASIALOCAL'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const LOCAL_KEY = /^ASIALOCAL[A-Z0-9]{11}$/

/** Keys as the local STS mints them, for a test that wants them without asking it. */
export function mintCredentials(principal: string, expiration: Date): LocalCredentials {
  const random = Array.from({ length: 11 }, () => ALPHABET[randomInt(ALPHABET.length)])
  const accessKeyId = `${PREFIX}${random.join('')}`
  const session: LocalSession = { principal, expiration: expiration.getTime() }
  return {
    accessKeyId,
    secretAccessKey: localSecretOf(accessKeyId),
    sessionToken: Buffer.from(JSON.stringify(session)).toString('base64url'),
    expiration,
  }
}

export const isLocalKey = (accessKeyId: string): boolean => LOCAL_KEY.test(accessKeyId)

export const localSecretOf = (accessKeyId: string): string =>
  createHmac('sha256', TEST_KEY).update(accessKeyId).digest('base64')

/** undefined where it is none of the local STS's. */
export function localSessionOf(sessionToken: string): LocalSession | undefined {
  const json = decodeBase64Url(sessionToken)
  if (json === undefined) return undefined
  try {
    const { principal, expiration } = JSON.parse(json.toString('utf8')) as Partial<Record<string, unknown>>
    if (typeof principal !== 'string' || !Number.isSafeInteger(expiration)) return undefined
    return { principal, expiration: expiration as number }
  } catch {
    return undefined
  }
}
