import { MskIamConfigurationError } from '../failures/errors.ts'
import { type Check, misfit, optional, withDefault } from '../options/check.ts'
import { optionSet, type Read } from '../options/option-set.ts'
import { flag, looking, matching, milliseconds, text } from '../options/values.ts'
import type { AwsIdentity } from '../token/aws-identity.ts'
import { credentialsOption } from '../token/credentials-option.ts'
import { region, stsRegion } from '../token/region-options.ts'
import { standsStillBetweenCalls } from '../token/serverless.ts'
import type { CachePolicy } from '../token/token-cache.ts'
import type { MskIamSigner } from '../token/types.ts'

/** Every option, checked and with its default. */
export interface Settings {
  readonly identity: AwsIdentity
  readonly signer: MskIamSigner | undefined
  readonly principal: string
  readonly name: string
  readonly policy: CachePolicy
  readonly serverAddressOnMetrics: boolean
}

const SIGNER = 'an object with generateAuthToken({ region }) → { token, expiryTime }'

/** As it is: what it returns is looked at with each token. */
const signer: Check<MskIamSigner> = {
  takes: SIGNER,
  read(value, place) {
    const method = looking(
      value,
      place,
      SIGNER,
      () => (value as Partial<MskIamSigner> | null)?.generateAuthToken,
    )
    if (typeof method !== 'function') throw misfit(value, place, SIGNER)
    return value as MskIamSigner
  },
}

const fields = {
  region,
  awsProfile: optional(text),
  awsRoleArn: optional(
    matching(/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, 'a role ARN: arn:aws:iam::123456789012:role/name'),
  ),
  awsRoleSessionName: optional(
    matching(/^[\w+=,.@-]{2,64}$/, '2 to 64 letters, digits or any of _ + = , . @ -'),
  ),
  awsStsRegion: optional(stsRegion),
  credentials: optional(credentialsOption),
  signer: optional(signer),
  principal: withDefault(text, 'eventferry'),
  refreshAheadMs: withDefault(milliseconds(0), 60_000),
  minTokenLifeMs: withDefault(milliseconds(0), 30_000),
  name: withDefault(text, 'default'),
  backgroundRefresh: optional(flag),
  serverAddressOnMetrics: withDefault(flag, false),
}

const OF_THE_CLIENT = 'It is an option of the Kafka client: give it there, beside `sasl`.'
const ofTheClient = {
  connectionTimeout: OF_THE_CLIENT,
  authenticationTimeout: OF_THE_CLIENT,
  reauthenticationThreshold: OF_THE_CLIENT,
  requestTimeout: OF_THE_CLIENT,
  brokers: OF_THE_CLIENT,
  clientId: OF_THE_CLIENT,
}

const saslOptions = optionSet(fields, {
  example: "createMskIamSasl({ region: 'eu-west-1' })",
  elsewhere: { ...ofTheClient, ssl: '`createMskIamConnection` takes it.' },
})

const ssl: Check<true | object> = {
  takes: 'true, or TLS settings such as { ca }',
  read(value, place) {
    if (value === true) return value
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw misfit(value, place, this.takes)
  },
}

const { authenticationTimeout: _, ...elsewhereThanInTheConnection } = ofTheClient
const connectionOptions = optionSet(
  { ...fields, ssl: withDefault(ssl, true), authenticationTimeout: withDefault(milliseconds(1), 10_000) },
  {
    example: "createMskIamConnection({ region: 'eu-west-1' })",
    elsewhere: elsewhereThanInTheConnection,
  },
)

/** @throws MskIamConfigurationError */
export const checkedSaslOptions = (options: unknown, of = 'createMskIamSasl'): Settings =>
  settings(saslOptions.read(options, { of }), of)

interface ConnectionSettings {
  readonly ssl: true | object
  /** ms */
  readonly authenticationTimeout: number
  readonly settings: Settings
}

/** @throws MskIamConfigurationError */
export function checkedConnectionOptions(options: unknown): ConnectionSettings {
  const of = 'createMskIamConnection'
  const { ssl, authenticationTimeout, ...others } = connectionOptions.read(options, { of })
  return { ssl, authenticationTimeout, settings: settings(others, of) }
}

function settings(given: Read<typeof fields>, of: string): Settings {
  const { region, awsProfile, awsRoleArn, awsRoleSessionName, awsStsRegion, credentials } = given
  const { signer, principal, name, refreshAheadMs, minTokenLifeMs, backgroundRefresh } = given
  excludeEachOther({ awsProfile, awsRoleArn, credentials }, of)
  excludeEachOther({ credentials, signer }, of)
  const serverless = standsStillBetweenCalls()
  return {
    identity: { region, awsProfile, awsRoleArn, awsRoleSessionName, awsStsRegion, credentials },
    signer,
    principal,
    name,
    policy: {
      refreshAheadMs,
      minTokenLifeMs,
      backgroundRefresh: backgroundRefresh ?? !serverless,
      waitInsideWindow: serverless,
    },
    serverAddressOnMetrics: given.serverAddressOnMetrics,
  }
}

function excludeEachOther(ways: Readonly<Record<string, unknown>>, of: string): void {
  const given = Object.keys(ways).filter((name) => ways[name] !== undefined)
  if (given.length < 2) return
  throw new MskIamConfigurationError('invalid_option', {
    detail: `${of}: ${given.map((name) => `\`${name}\``).join(' and ')} were given together`,
    hint: 'Give one of them: each names the identity that signs.',
  })
}
