import type { Runtime } from '../base/clocks-and-timers.ts'
import { MskIamTokenError } from '../failures/errors.ts'
import { loadOptional } from '../failures/optional-package.ts'
import { type AwsIdentity, askForCredentials, unsaidSource } from './aws-identity.ts'
import { type CredentialsSource, credentialsSource } from './credentials-source.ts'
import { CredentialsMemory } from './fresh-credentials.ts'
import type { AwsCredentials, MskIamSigner, MskIamSignerRequest, SignedToken } from './types.ts'

type SignerOptions = Parameters<
  typeof import('aws-msk-iam-sasl-signer-js')['generateAuthTokenFromCredentialsProvider']
>[0]

/** One signing: the token, and what is known of the credentials behind it. */
export interface Signature extends SignedToken {
  readonly source: CredentialsSource
  /** Newer credentials could not be had, so the ones still alive signed: the refresh counts as failed. */
  readonly staleBecause?: unknown
}

/** Makes tokens; remembers credentials, never tokens. */
export interface TokenSigner {
  /** @param credentialsAnew resolve the credentials anew: the broker refused what the held ones signed */
  sign(credentialsAnew: boolean): Promise<Signature>
  /** Ms of life of the credentials, where they say. */
  credentialsRemainingLife(): number | undefined
}

export function customSigner(signer: MskIamSigner, identity: AwsIdentity): TokenSigner {
  const { region, awsProfile, awsRoleArn, awsRoleSessionName, awsStsRegion } = identity
  const given = Object.entries({ region, awsProfile, awsRoleArn, awsRoleSessionName, awsStsRegion })
  const request = Object.fromEntries(
    given.filter(([, value]) => value !== undefined),
  ) as unknown as MskIamSignerRequest
  return {
    async sign() {
      const { token, expiryTime } = (await signer.generateAuthToken({ ...request })) ?? {}
      return { token, expiryTime, source: 'custom' }
    },
    credentialsRemainingLife: () => undefined,
  }
}

/**
 * AWS's own signer over credentials of ours. Its `generateAuthToken` ignores profile and role and resolves the
 * credentials again for every token, so only the function that takes credentials is used.
 */
export function awsSigner(identity: AwsIdentity, runtime: Runtime, onUnknownExpiry: () => void): TokenSigner {
  const memory = new CredentialsMemory(askForCredentials(identity), runtime)
  return {
    async sign(credentialsAnew) {
      const { generateAuthTokenFromCredentialsProvider } = await loadOptional(
        'aws-msk-iam-sasl-signer-js',
        'to sign tokens',
        () => import('aws-msk-iam-sasl-signer-js'),
      )
      const { credentials, ...held } = await memory.get(credentialsAnew)
      if (credentials.sessionToken && !credentials.expiration) onUnknownExpiry()
      const usable = wholeSeconds(credentials, held.staleBecause, runtime)
      const { token, expiryTime } = await generateAuthTokenFromCredentialsProvider({
        region: identity.region,
        awsCredentialsProvider: (async () => usable) as SignerOptions['awsCredentialsProvider'],
      })
      return { token, expiryTime, source: credentialsSource(credentials, unsaidSource(identity)), ...held }
    },
    credentialsRemainingLife: () => memory.remainingLife(),
  }
}

/**
 * The same credentials with a life of whole seconds: the signer writes the difference to now into X-Amz-Expires as it
 * is, fractions and all, and SigV4 counts in seconds.
 */
function wholeSeconds(credentials: AwsCredentials, staleBecause: unknown, runtime: Runtime): AwsCredentials {
  const { expiration } = credentials
  if (expiration === undefined) return credentials
  const seconds = Math.floor((new Date(expiration).getTime() - runtime.now()) / 1000)
  if (seconds >= MIN_SECONDS) return { ...credentials, expiration: lasting(seconds) }
  // They are over because newer ones could not be had: that is the thing to tell.
  throw (
    staleBecause ??
    new MskIamTokenError('token_expired', { detail: `the credentials have ${seconds} s to live` })
  )
}

/** The signer counts in whole seconds from the one that has begun, so that one second may be none. */
const MIN_SECONDS = 2

const lasting = (seconds: number) => ({ getTime: () => Date.now() + seconds * 1000 }) as Date
