/** AWS credentials, as every provider of the AWS SDK gives them. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

/** Any provider of the AWS SDK, or a function of one's own. It is asked with `{ forceRefresh: true }`. */
export type AwsCredentialsProvider = (...options: never[]) => Promise<AwsCredentials>

/** What a signer gives. */
export interface SignedToken {
  /** The base64url text of a signed URL. */
  readonly token: string
  /** When it ends: epoch ms, or epoch seconds. */
  readonly expiryTime: number
}

/** What a custom signer is given: only the keys that were set. */
export interface MskIamSignerRequest {
  region: string
  awsProfile?: string
  awsRoleArn?: string
  awsRoleSessionName?: string
  awsStsRegion?: string
}

/** A signer of one's own, in place of AWS's; nothing of AWS is imported then. */
export interface MskIamSigner {
  generateAuthToken(request: MskIamSignerRequest): Promise<SignedToken>
}

/** What a call of the provider got; each call has exactly one. */
export type TokenResult = 'hit' | 'refresh_ahead' | 'stale' | 'miss' | 'joined' | 'error'
