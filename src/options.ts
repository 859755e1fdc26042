import { MskIamConfigurationError } from './failures/errors.ts'
import { withoutSecrets } from './failures/redact.ts'
import { warn } from './telemetry/guard.ts'
import type { AwsIdentity } from './token/aws-identity.ts'
import type { CachePolicy } from './token/token-cache.ts'
import type { AwsCredentials, MskIamSaslOptions, MskIamSigner } from './types.ts'

/** Every option, checked and with its default. */
export interface Settings {
  readonly identity: AwsIdentity
  readonly signer: MskIamSigner | undefined
  readonly principal: string
  readonly name: string
  readonly policy: CachePolicy
  readonly serverAddressOnMetrics: boolean
}

const KNOWN = [
  'region',
  'awsProfile',
  'awsRoleArn',
  'awsRoleSessionName',
  'awsStsRegion',
  'credentials',
  'signer',
  'principal',
  'refreshAheadMs',
  'minTokenLifeMs',
  'name',
  'backgroundRefresh',
  'serverAddressOnMetrics',
]

export function checkedOptions(options: MskIamSaslOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw wrong('options', options, "an object: createMskIamSasl({ region: 'eu-west-1' })")
  }
  const unknown = Object.keys(options).filter((key) => !KNOWN.includes(key))
  if (unknown.length > 0) {
    throw new MskIamConfigurationError('invalid_option', {
      detail: `there is no option \`${unknown[0]}\``,
      hint: `The options are ${KNOWN.join(', ')}.`,
    })
  }
  const lambda = process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined
  return {
    identity: checkedIdentity(options),
    signer: checkedSigner(options.signer),
    principal: text('principal', options.principal) ?? 'eventferry',
    name: text('name', options.name) ?? 'default',
    policy: {
      refreshAheadMs: milliseconds('refreshAheadMs', options.refreshAheadMs) ?? 60_000,
      minTokenLifeMs: milliseconds('minTokenLifeMs', options.minTokenLifeMs) ?? 30_000,
      backgroundRefresh: flag('backgroundRefresh', options.backgroundRefresh) ?? !lambda,
      waitInsideWindow: lambda,
    },
    serverAddressOnMetrics: flag('serverAddressOnMetrics', options.serverAddressOnMetrics) ?? false,
  }
}

function checkedIdentity(options: MskIamSaslOptions): AwsIdentity {
  const { awsProfile, awsRoleArn, credentials, signer } = options as {
    [K in 'awsProfile' | 'awsRoleArn' | 'credentials' | 'signer']?: unknown
  }
  const ways = Object.entries({ awsProfile, awsRoleArn, credentials }).filter(
    ([, value]) => value !== undefined,
  )
  if (ways.length > 1) throw together(ways.map(([key]) => key))
  if (credentials !== undefined && signer !== undefined) throw together(['credentials', 'signer'])
  return {
    region: region('region', options.region, 'the region of the MSK cluster, for example eu-west-1'),
    awsProfile: text('awsProfile', options.awsProfile),
    awsRoleArn: matching(
      'awsRoleArn',
      options.awsRoleArn,
      /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/,
      'a role ARN: arn:aws:iam::123456789012:role/name',
    ),
    awsRoleSessionName: matching(
      'awsRoleSessionName',
      options.awsRoleSessionName,
      /^[\w+=,.@-]{2,64}$/,
      '2 to 64 letters, digits or any of _ + = , . @ -',
    ),
    awsStsRegion:
      options.awsStsRegion === undefined
        ? undefined
        : region(
            'awsStsRegion',
            options.awsStsRegion,
            'the region of an STS endpoint, for example eu-west-1',
          ),
    credentials: checkedCredentials(options.credentials),
  }
}

const together = (keys: string[]) =>
  new MskIamConfigurationError('invalid_option', {
    detail: `${keys.map((key) => `\`${key}\``).join(' and ')} were given together`,
    hint: 'Give one of them: each names the identity that signs.',
  })

/** The first parts of the region names of AWS's partitions; a new one is only warned of. */
const REGION_SHAPE = /^[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}$/
const KNOWN_AREAS = /^(us|eu|ap|sa|ca|me|af|il|mx|cn|eusc|us-gov|us-iso[a-z]?|eu-isoe)-/

function region(option: string, value: unknown, takes: string): string {
  if (typeof value !== 'string' || !REGION_SHAPE.test(value)) {
    const zone = typeof value === 'string' ? /^(.*-\d)[a-f]$/.exec(value)?.[1] : undefined
    throw wrong(option, value, zone ? `a region, not an availability zone: ${zone}` : takes, 'region_invalid')
  }
  if (!KNOWN_AREAS.test(value)) {
    warn(`\`${option}\` is "${value}", which is in no AWS partition known here: check it`)
  }
  return value
}

function text(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '') throw wrong(option, value, 'a text that is not empty')
  return value
}

function matching(option: string, value: unknown, shape: RegExp, takes: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !shape.test(value)) throw wrong(option, value, takes)
  return value
}

function milliseconds(option: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw wrong(option, value, 'milliseconds, 0 or more')
  }
  return value
}

function flag(option: string, value: unknown): boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean') throw wrong(option, value, 'true or false')
  return value
}

function checkedSigner(signer: unknown): MskIamSigner | undefined {
  if (signer === undefined) return undefined
  if (typeof (signer as MskIamSigner | null)?.generateAuthToken !== 'function') {
    throw wrong('signer', signer, 'an object with generateAuthToken({ region }) → { token, expiryTime }')
  }
  return signer as MskIamSigner
}

function checkedCredentials(given: unknown): AwsIdentity['credentials'] {
  if (given === undefined || typeof given === 'function') return given as AwsIdentity['credentials']
  const { accessKeyId, secretAccessKey } = (given ?? {}) as Partial<AwsCredentials>
  if (!accessKeyId || !secretAccessKey) {
    throw wrong('credentials', given, 'a provider of the AWS SDK, or { accessKeyId, secretAccessKey }')
  }
  return given as AwsCredentials
}

/** Says which option, what was given (never a secret) and what it takes. */
function wrong(
  option: string,
  value: unknown,
  takes: string,
  code = 'invalid_option',
): MskIamConfigurationError {
  const given = typeof value === 'object' || typeof value === 'function' ? kindOf(value) : show(value)
  return new MskIamConfigurationError(code, {
    detail: `\`${option}\` is ${given}`,
    hint: `It takes ${takes}.`,
  })
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(withoutSecrets(value).slice(0, 80)) : String(value)
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object that does not fit' : `a ${typeof value}`
}
