import type { MskIamSigner } from '../../src/index.ts'
import { edited, resigned, signed, tokenOf, urlOf } from '../testing/iam/tokens.ts'
import { keysOf } from './cluster.ts'

export const orders = keysOf('orders-service')

/** A token, and how long its signer says that it lives. */
export interface Given {
  readonly token: string
  readonly saysSeconds: number
}

/** A signer of one's own that gives these tokens, one after the other, then the last again and again. */
export function gives(...tokens: (string | Given)[]): MskIamSigner {
  let next = 0
  return {
    generateAuthToken: async () => {
      const given = tokens[Math.min(next++, tokens.length - 1)] ?? ''
      const { token, saysSeconds } = typeof given === 'string' ? { token: given, saysSeconds: 900 } : given
      return { token, expiryTime: Date.now() + saysSeconds * 1000 }
    },
  }
}

/** Rightly signed, whatever it says. */
export const saying = async (
  changes: Readonly<Record<string, string | undefined>>,
  target: { host?: string; path?: string } = {},
): Promise<string> =>
  resigned(await signed(orders), changes, { secretAccessKey: orders.secretAccessKey, ...target })

/** Lives so many seconds, and so does the session that it opens. */
export const living = (seconds: number): Promise<string> => saying({ 'X-Amz-Expires': String(seconds) })

/** `X-Amz-Date` and the credential scope of a time so many seconds from now. */
export function signedIn(seconds: number): Record<string, string> {
  const date = new Date(Date.now() + seconds * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return {
    'X-Amz-Date': date,
    'X-Amz-Credential': `${orders.accessKeyId}/${date.slice(0, 8)}/eu-west-1/kafka-cluster/aws4_request`,
  }
}

/** The URL changed in text, its signature left as it is. */
export const rewritten = async (change: (url: string) => string): Promise<string> =>
  tokenOf(change(urlOf(await signed(orders))))

export { edited, signed, tokenOf, urlOf }
