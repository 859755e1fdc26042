/** Tokens of the real signer, the clock they are checked by, and the tools to forge others. */
import { createHash, createHmac } from 'node:crypto'
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { IdentityRegistry } from '../../../src/testing/iam/identities.ts'
import {
  createTokenVerifier,
  TokenRefused,
  type VerifiedToken,
} from '../../../src/testing/iam/token-verifier.ts'

export const region = 'eu-west-1'

export const orders = {
  principal: 'orders-service',
  accessKeyId: 'AKIALOCALORDERS00001',
  secretAccessKey: 'not-a-real-secret-orders/service+key=1',
}

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

export async function signed(keys: Keys = orders, inRegion = region): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = keys
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  }
  const { token } = await generateAuthTokenFromCredentialsProvider({
    region: inRegion,
    awsCredentialsProvider: async () => credentials,
  })
  return token
}

/** A broker's check of tokens, at a time that the test sets. */
export class VerifierAtTime {
  now = Date.now()
  readonly identities = new IdentityRegistry([orders])
  readonly #verifier = createTokenVerifier({ region, identities: this.identities, now: () => this.now })

  verify(token: string): VerifiedToken {
    return this.#verifier.verify(token)
  }

  /** What it says to a token that it does not take; 'accepted' where it takes it. Any other error is thrown on. */
  answer(token: string): string {
    return this.#refusal(token)?.text ?? 'accepted'
  }

  reason(token: string): string {
    return this.#refusal(token)?.reason ?? 'accepted'
  }

  #refusal(token: string): TokenRefused | undefined {
    try {
      this.verify(token)
      return undefined
    } catch (error) {
      if (error instanceof TokenRefused) return error
      throw error
    }
  }
}

export const urlOf = (token: string): string => Buffer.from(token, 'base64url').toString('latin1')

export const tokenOf = (url: string): string => Buffer.from(url, 'latin1').toString('base64url')

/** Changes parameters of a token, undefined taking one away, and leaves the signature as it was. */
export function edited(token: string, changes: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(urlOf(token))
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return tokenOf(url.href)
}

/**
 * A client's own signer: changes a token's parameters and signs anew, so that the signature is right and what is wrong
 * is the change alone.
 */
export function resigned(
  token: string,
  changes: Readonly<Record<string, string | undefined>>,
  { host = `kafka.${region}.amazonaws.com`, path = '/', secretAccessKey = orders.secretAccessKey } = {},
): string {
  const parameters = new URL(urlOf(edited(token, changes))).searchParams
  parameters.delete('X-Amz-Signature')
  parameters.delete('User-Agent')
  const query = [...parameters]
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .sort()
    .join('&')
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const scope = (parameters.get('X-Amz-Credential') ?? '').split('/').slice(1)
  const request = `GET\n${path}\n${query}\nhost:${host}\n\nhost\n${hash('')}`
  const toSign = `AWS4-HMAC-SHA256\n${parameters.get('X-Amz-Date')}\n${scope.join('/')}\n${hash(request)}`
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return tokenOf(`https://${host}${path}?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`)
}

/** Byte by byte, unlike the library's. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      if (/[A-Za-z0-9._~-]/.test(character)) return character
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
