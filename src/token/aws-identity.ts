import { loadOptional } from '../failures/optional-package.ts'
import type { GivenCredentials } from './credentials-option.ts'
import type { AskForCredentials } from './fresh-credentials.ts'
import { chainError } from './token-error.ts'
import type { AwsCredentials } from './types.ts'

/** Who signs. At most one of `awsProfile`, `awsRoleArn` and `credentials`. */
export interface AwsIdentity {
  readonly region: string
  readonly awsProfile?: string | undefined
  readonly awsRoleArn?: string | undefined
  readonly awsRoleSessionName?: string | undefined
  readonly awsStsRegion?: string | undefined
  readonly credentials?: GivenCredentials | undefined
}

type Sdk = typeof import('@aws-sdk/credential-providers')
type TemporaryCredentials = Parameters<Sdk['fromTemporaryCredentials']>[0]

const loadSdk = (): Promise<Sdk> =>
  loadOptional(
    '@aws-sdk/credential-providers',
    'to resolve AWS credentials',
    () => import('@aws-sdk/credential-providers'),
  )

/**
 * Resolves credentials from their source, every time it is called: providers of the AWS SDK remember, and read files
 * once, so each call builds them anew. `CredentialsMemory` decides when to call.
 */
export function askForCredentials(identity: AwsIdentity): AskForCredentials {
  const { credentials, awsProfile, awsRoleArn } = identity
  if (credentials) return credentials.ask
  return async () => {
    const sdk = await loadSdk()
    if (awsProfile !== undefined)
      return sdk.fromIni({ profile: awsProfile, ...chainSettings(sdk, identity) })()
    if (awsRoleArn === undefined) return fromDefaultChain(sdk, identity)
    return assumeRole(sdk, identity, () => fromDefaultChain(sdk, identity), {
      RoleArn: awsRoleArn,
      RoleSessionName: sessionName(undefined, identity),
    })
  }
}

/** Of the credentials that come out: where they came from, where the AWS SDK does not say. */
export const unsaidSource = ({ credentials, awsProfile, awsRoleArn }: AwsIdentity) => {
  if (credentials !== undefined) return 'custom'
  if (awsRoleArn !== undefined) return 'assume_role'
  return awsProfile === undefined ? 'imds' : 'profile'
}

async function fromDefaultChain(sdk: Sdk, identity: AwsIdentity) {
  const chain = sdk.fromNodeProviderChain({
    roleSessionName: sessionName(undefined, identity),
    // For the container and instance endpoints.
    maxRetries: 0,
    ...chainSettings(sdk, identity),
  })
  try {
    return await chain()
  } catch (error) {
    throw chainError(error, process.env)
  }
}

/** What makes profiles see rotated files, and roles in them keep one session name and one attempt. */
const chainSettings = (sdk: Sdk, identity: AwsIdentity) => ({
  ignoreCache: true,
  clientConfig: clientConfig(identity),
  roleAssumer: (source: AwsCredentials, params: TemporaryCredentials['params']) =>
    assumeRole(sdk, identity, source as TemporaryCredentials['masterCredentials'], {
      ...params,
      RoleSessionName: sessionName(params.RoleSessionName, identity),
    }),
  roleAssumerWithWebIdentity: (params: WebIdentityParams) =>
    sdk.fromWebToken({
      roleArn: params.RoleArn as string,
      roleSessionName: sessionName(params.RoleSessionName, identity),
      webIdentityToken: params.WebIdentityToken as string,
      ...(params.ProviderId === undefined ? {} : { providerId: params.ProviderId }),
      ...(params.DurationSeconds === undefined ? {} : { durationSeconds: params.DurationSeconds }),
      clientConfig: clientConfig(identity),
    })(),
})

interface WebIdentityParams {
  readonly RoleArn: string | undefined
  readonly RoleSessionName: string | undefined
  readonly WebIdentityToken: string | undefined
  readonly ProviderId?: string | undefined
  readonly DurationSeconds?: number | undefined
}

const assumeRole = (
  sdk: Sdk,
  identity: AwsIdentity,
  source: TemporaryCredentials['masterCredentials'],
  params: TemporaryCredentials['params'],
) =>
  sdk.fromTemporaryCredentials({
    ...(source === undefined ? {} : { masterCredentials: source }),
    params,
    clientConfig: clientConfig(identity),
  })()

const clientConfig = (identity: AwsIdentity) => ({
  region: identity.awsStsRegion ?? identity.region,
  // We retry, with a deadline: the SDK's attempts below ours would multiply.
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 3_500, throwOnRequestTimeout: true },
})

/**
 * A fixed name: the AWS SDK makes one up from the time, the broker takes it for a part of the principal, and a principal
 * must not change while a connection authenticates again. A name that the profile gives stays.
 */
function sessionName(given: string | undefined, { awsRoleSessionName }: AwsIdentity): string {
  if (given !== undefined && !/^aws-sdk-js-(session-)?\d+$/.test(given)) return given
  return awsRoleSessionName ?? process.env['AWS_ROLE_SESSION_NAME'] ?? 'MSKSASLDefaultSession'
}
