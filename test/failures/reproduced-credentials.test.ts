import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { fromEnv } from '@aws-sdk/credential-providers'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { failureClass } from '../../src/failures/catalogue.ts'
import { classifyFailure } from '../../src/failures/classify.ts'
import { createMskIamSasl, type MskIamSasl, type MskIamSaslOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/msk-iam-sasl.ts'
import { checkedOptions } from '../../src/options.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { type LocalSts, startLocalSts } from '../../src/testing/index.ts'
import { selfSigned } from '../../src/testing/self-signed.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { type AwsEnvironment, awsEnvironment, closedPort } from './aws-environment.ts'
import { Asserted, type CaughtError, expectFailedSpan, rejectionOf } from './expect-failure.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'

const asserted = new Asserted()
const role = 'arn:aws:iam::123456789012:role/orders'
const baseKeys = {
  AWS_ACCESS_KEY_ID: 'AKIALOCALBASE0000001',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret-of-the-base',
}
const baseProfile = `[base]
aws_access_key_id = ${baseKeys.AWS_ACCESS_KEY_ID}
aws_secret_access_key = ${baseKeys.AWS_SECRET_ACCESS_KEY}
`
/** Retries do not wait. */
const impatient: Runtime = { ...systemRuntime, random: () => 0 }

let telemetry: Telemetry
let aws: AwsEnvironment
let sts: LocalSts
let name: string
let providers = 0
const open: MskIamSasl[] = []

beforeAll(() => {
  telemetry = startTelemetry()
})
afterAll(() => telemetry.stop())

beforeEach(async () => {
  telemetry.clear()
  aws = await awsEnvironment()
  sts = await startLocalSts()
  aws.set({ AWS_ENDPOINT_URL_STS: sts.url })
  providers += 1
  name = `provider-${providers}`
})
afterEach(async () => {
  for (const sasl of open.splice(0)) sasl.close()
  diag.disable()
  await sts.close()
  await aws[Symbol.asyncDispose]()
})

type Options = Partial<Record<keyof MskIamSaslOptions, unknown>>

function provider(options: Options = {}, runtime: Runtime = impatient): MskIamSasl {
  const given = { region: 'eu-west-1', name, backgroundRefresh: false, ...options } as MskIamSaslOptions
  const sasl = buildMskIamSasl(checkedOptions(given), runtime)
  open.push(sasl)
  return sasl
}

/** Asks for a token and asserts the failure on the error that the caller catches, and on the spans. */
async function expectNoToken(code: string, options: Options = {}, runtime?: Runtime): Promise<CaughtError> {
  const error = await rejectionOf(provider(options, runtime).oauthBearerProvider())
  expect(error.name).toBe('MskIamTokenError')
  expect(asserted.failure(error, code, undefined, 'token').retriable).toBe(error.retriable)
  const [refresh, ...others] = telemetry.spans('msk_iam.token.refresh')
  expect(others).toEqual([])
  expectFailedSpan(refresh, code, { 'msk_iam.provider.name': name, 'cloud.region': 'eu-west-1' })
  expectFailedSpan(telemetry.spans('msk_iam.token.sign').at(-1), code)
  return error
}

interface SignedUrl {
  readonly host: string
  readonly accessKeyId: string | undefined
  readonly expires: string | null
}

const signedUrl = (token: string): SignedUrl => {
  const { host, searchParams } = new URL(Buffer.from(token, 'base64url').toString())
  return {
    host,
    accessKeyId: searchParams.get('X-Amz-Credential')?.split('/')[0],
    expires: searchParams.get('X-Amz-Expires'),
  }
}

async function tokenOf(options: Options = {}, runtime?: Runtime): Promise<SignedUrl> {
  const { value } = await provider(options, runtime).oauthBearerProvider()
  return signedUrl(value)
}

/** What the API's diag says while the test runs. */
function diagWarnings(): string[] {
  const warnings: string[] = []
  const note = (text: string) => void warnings.push(text)
  const ignore = () => undefined
  diag.setLogger(
    { warn: note, error: note, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  return warnings
}

describe('Without an identity', () => {
  test('a process without any credentials is told to get an identity', async () => {
    await expectNoToken('credentials_not_found')
    expect(sts.requests).toEqual([])
  })

  test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const)(
    'with %s alone, the other half of the key pair is asked for',
    async (half) => {
      aws.set({ [half]: baseKeys[half] })
      const error = await expectNoToken('credentials_incomplete')
      expect(error.message).not.toContain(baseKeys[half])
    },
  )

  test('a profile that does not exist, named by awsProfile, is named as the trouble', async () => {
    const error = await expectNoToken('profile_not_found', { awsProfile: 'nope' })
    expect(error.message).toContain('[nope]')
  })

  test('a profile that does not exist, named by AWS_PROFILE, is named as the trouble', async () => {
    aws.set({ AWS_PROFILE: 'nope' })
    await expectNoToken('profile_not_found')
  })

  test('a provider of the AWS SDK that finds nothing says that no credentials were found', async () => {
    const error = await expectNoToken('credentials_not_found', { credentials: fromEnv() })
    expect(error.message).toContain('Unable to find environment variable credentials.')
  })

  test.each([
    ['a container endpoint', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/v1/credentials' }],
    ['a profile', { AWS_PROFILE: 'other' }],
  ])('%s in the environment is not blamed for a provider that does not use it', async (_, env) => {
    aws.set(env)
    await expectNoToken('credentials_not_found', { credentials: fromEnv() })
  })

  test('instance metadata that refuses is not told apart from nothing, and its hint names the instance profile', async () => {
    aws.set({
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${await closedPort()}`,
    })
    const error = await expectNoToken('credentials_not_found')
    expect(error.failure.hint).toContain('instance profile')
  })

  test('a container endpoint that refuses is something that can pass, and is asked again', async () => {
    aws.set({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${await closedPort()}/v1/credentials` })
    const error = await expectNoToken('credentials_endpoint_unavailable')
    expect(error.retriable).toBe(true)
    expect(telemetry.spans('msk_iam.token.sign')).toHaveLength(4)
  })

  test('a container endpoint that is there again gives a token within the same call', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked += 1
      // The SDK's chain asks it by two of its providers, one after the other, within one attempt of ours.
      if (asked <= 2) return void response.writeHead(503).end()
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          AccessKeyId: 'ASIALOCALCONTAINER01',
          SecretAccessKey: 'not-a-secret',
          Token: 'session',
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      aws.set({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials` })
      expect((await tokenOf()).accessKeyId).toBe('ASIALOCALCONTAINER01')
      expect(asked).toBe(3)
      expect(telemetry.spans('msk_iam.token.sign')).toHaveLength(2)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

describe('With an SSO profile', () => {
  const cacheFile = (key: string) => `.aws/sso/cache/${createHash('sha1').update(key).digest('hex')}.json`
  const startUrl = 'https://orders.awsapps.example/start'
  const account = 'sso_account_id = 123456789012\nsso_role_name = orders\nregion = eu-west-1\n'

  test('a login that is over says which command renews it', async () => {
    await aws.config(`[profile dev]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n${account}`)
    await aws.write(
      cacheFile(startUrl),
      JSON.stringify({ startUrl, accessToken: 'over', expiresAt: '2020-01-01T00:00:00Z' }),
    )
    await expectNoToken('sso_session_expired', { awsProfile: 'dev' })
  })

  test('a profile that was never logged in says which command does it', async () => {
    await aws.config(`[profile dev]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n${account}`)
    await expectNoToken('sso_session_expired', { awsProfile: 'dev' })
  })

  test('an sso-session that is over and cannot be renewed says which command renews it', async () => {
    await aws.config(
      `[sso-session work]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n[profile dev]\nsso_session = work\n${account}`,
    )
    await aws.write(
      cacheFile('work'),
      JSON.stringify({ startUrl, accessToken: 'over', expiresAt: '2020-01-01T00:00:00Z' }),
    )
    await expectNoToken('sso_session_expired', { awsProfile: 'dev' })
  })

  test('a login that the portal has ended before its time says which command renews it', async () => {
    const portal = createServer((_, response) => {
      response
        .writeHead(401, { 'content-type': 'application/json', 'x-amzn-errortype': 'UnauthorizedException' })
        .end(JSON.stringify({ message: 'Session token not found or invalid' }))
    })
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve))
    try {
      aws.set({ AWS_ENDPOINT_URL_SSO: `http://127.0.0.1:${(portal.address() as AddressInfo).port}` })
      await aws.config(`[profile dev]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n${account}`)
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
      await aws.write(cacheFile(startUrl), JSON.stringify({ startUrl, accessToken: 'ended', expiresAt }))
      await expectNoToken('sso_session_expired', { awsProfile: 'dev' })
    } finally {
      portal.closeAllConnections()
      portal.close()
    }
  })

  test('a new login is found by the next call, without a restart', async () => {
    await aws.config(`[profile dev]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n${account}`)
    const portal = createServer((_, response) => {
      const roleCredentials = {
        accessKeyId: 'ASIALOCALSSO00000001',
        secretAccessKey: 'not-a-secret',
        sessionToken: 'session',
        expiration: Date.now() + 3_600_000,
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ roleCredentials }))
    })
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve))
    try {
      aws.set({ AWS_ENDPOINT_URL_SSO: `http://127.0.0.1:${(portal.address() as AddressInfo).port}` })
      const sasl = provider({ awsProfile: 'dev' })
      expect((await rejectionOf(sasl.oauthBearerProvider())).failure.code).toBe('sso_session_expired')
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
      await aws.write(cacheFile(startUrl), JSON.stringify({ startUrl, accessToken: 'new', expiresAt }))
      expect(signedUrl((await sasl.oauthBearerProvider()).value).accessKeyId).toBe('ASIALOCALSSO00000001')
    } finally {
      portal.closeAllConnections()
      portal.close()
    }
  })
})

describe('With a credential_process', () => {
  /** One that its length betrays, and one that nothing does. */
  const secrets = ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'swordfish']
  const secret = secrets.join(' ')

  test.each([
    ['fails with a secret on stderr', `console.error('cannot use ${secret}'); process.exit(3)`],
    ['fails with a secret on stdout', `console.log('${secret}'); process.exit(3)`],
    ['prints a secret that is not JSON', `console.log('oops ${secret}')`],
    ['prints JSON without keys', `console.log(JSON.stringify({ Version: 1, Secret: '${secret}' }))`],
    ['prints another version', `console.log(JSON.stringify({ Version: 2, SecretAccessKey: '${secret}' }))`],
    [
      'prints keys that have expired',
      `console.log(JSON.stringify({ Version: 1, AccessKeyId: 'ASIALOCALPROCESS0001', SecretAccessKey: '${secret}', Expiration: '2020-01-01T00:00:00Z' }))`,
    ],
  ])('one that %s is named, and nothing that it printed is repeated', async (_, script) => {
    const program = await aws.program('give-credentials', script)
    await aws.config(`[profile tool]\ncredential_process = ${program} --passwords ${secret}\n`)
    const error = await expectNoToken('credential_process_failed', { awsProfile: 'tool' })
    const told = [String(error), error.stack, inspect(error), JSON.stringify(error), await telemetry.dump()]
    for (const text of told) for (const word of secrets) expect(text).not.toContain(word)
  })
})

describe('With a web identity', () => {
  const identity = async () =>
    aws.set({
      AWS_ROLE_ARN: role,
      AWS_WEB_IDENTITY_TOKEN_FILE: await aws.write('token', 'a-service-account-token'),
    })

  test('a token file that is not there is named', async () => {
    aws.set({ AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: `${aws.home}/not-mounted` })
    const error = await expectNoToken('web_identity_token_missing')
    expect(error.message).toContain('not-mounted')
    expect(sts.requests).toEqual([])
  })

  test.each([
    ['a trust policy that does not let it assume the role', 'deny', 'web_identity_denied'],
    ['an expired service account token', 'expired-token', 'web_identity_token_expired'],
    ['a provider that the account does not know', 'invalid-identity-token', 'web_identity_token_invalid'],
  ] as const)('%s is named, after one request', async (_, fault, code) => {
    await identity()
    sts.setFault(fault)
    await expectNoToken(code)
    expect(sts.requests.map(({ action }) => action)).toEqual(['AssumeRoleWithWebIdentity'])
  })

  test('the role is assumed under the fixed session name', async () => {
    await identity()
    expect((await tokenOf()).accessKeyId).toMatch(/^ASIALOCAL/)
    expect(sts.requests).toMatchObject([
      { action: 'AssumeRoleWithWebIdentity', roleArn: role, sessionName: 'MSKSASLDefaultSession' },
    ])
  })

  test('AWS_ROLE_SESSION_NAME is the session name where it is set', async () => {
    await identity()
    aws.set({ AWS_ROLE_SESSION_NAME: 'orders-pod' })
    await tokenOf()
    expect(sts.requests).toMatchObject([{ sessionName: 'orders-pod' }])
  })

  test('a token file that was rotated is read again by the next attempt', async () => {
    await identity()
    sts.setFault('expired-token')
    const sasl = provider()
    await rejectionOf(sasl.oauthBearerProvider())
    sts.setFault(undefined)
    await sasl.oauthBearerProvider()
    expect(sts.requests).toHaveLength(2)
  })
})

describe('With a role to assume', () => {
  beforeEach(() => aws.set(baseKeys))

  test.each([
    ['no permission to assume it', 'deny', 'assume_role_denied'],
    ['base credentials that have expired', 'expired-token', 'base_credentials_expired'],
    ['a clock that is wrong', 'clock-skew', 'clock_skew'],
  ] as const)('%s is named, after one request to STS', async (_, fault, code) => {
    sts.setFault(fault)
    const error = await expectNoToken(code, { awsRoleArn: role })
    expect(error.retriable).toBe(false)
    expect(sts.requests).toMatchObject([{ action: 'AssumeRole', accessKeyId: baseKeys.AWS_ACCESS_KEY_ID }])
  })

  test('who may not assume which role is said to the caller, but not to the telemetry', async () => {
    sts.setFault('deny')
    const error = await expectNoToken('assume_role_denied', { awsRoleArn: role })
    expect(error.message).toContain(`sts:AssumeRole on resource: ${role}`)
    expect(await telemetry.dump()).not.toContain('123456789012')
  })

  test.each([
    ['a throttle', 'throttle', 'sts_throttled'],
    ['a server error', 'error', 'sts_unavailable'],
    ['a connection that is cut', 'down', 'sts_unreachable'],
  ] as const)('%s of STS passes by itself: four attempts, one request each', async (_, fault, code) => {
    sts.setFault(fault)
    const error = await expectNoToken(code, { awsRoleArn: role })
    expect(error.retriable).toBe(true)
    expect(telemetry.spans('msk_iam.token.sign')).toHaveLength(4)
    expect(sts.requests).toHaveLength(4)
    expect(
      await telemetry.value('msk_iam.signer.retries', { 'msk_iam.provider.name': name, 'error.type': code }),
    ).toBe(3)
  })

  test('an STS where nothing listens is unreachable', async () => {
    aws.set({ AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${await closedPort()}` })
    await expectNoToken('sts_unreachable', { awsRoleArn: role })
    expect(telemetry.spans('msk_iam.token.sign')).toHaveLength(4)
  })

  test('an STS whose name does not exist is unreachable, and not a broker that is not found', async () => {
    aws.set({ AWS_ENDPOINT_URL_STS: 'http://sts.invalid' })
    await expectNoToken('sts_unreachable', { awsRoleArn: role })
  })

  test.each([
    ['a certificate that nobody trusts', 'localhost', 'localhost'],
    ['a certificate for another name', 'proxy.example', '127.0.0.1'],
  ])('%s of STS is not taken for that of a broker', async (_, dnsName, host) => {
    const proxy = createTlsServer(selfSigned(dnsName), (_, response) => response.end())
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    try {
      aws.set({ AWS_ENDPOINT_URL_STS: `https://${host}:${(proxy.address() as AddressInfo).port}` })
      await expectNoToken('aws_certificate_untrusted', { awsRoleArn: role })
    } finally {
      proxy.close()
    }
  })

  test('an STS that hangs is given up, and said so', async () => {
    sts.setFault({ slow: 60_000 })
    const fast: Runtime = { ...impatient, after: (ms, callback) => systemRuntime.after(ms / 100, callback) }
    await expectNoToken('signer_timeout', { awsRoleArn: role }, fast)
    expect(telemetry.spans('msk_iam.token.sign')).toHaveLength(4)
  })

  test('the AWS SDK gives a hanging STS up before our attempt ends, so that its own words are told', async () => {
    sts.setFault({ slow: 60_000 })
    const real = globalThis.setTimeout
    const quick = (callback: () => void, ms = 0) => real(callback, ms / 8)
    vi.stubGlobal('setTimeout', Object.assign(quick, real))
    try {
      await expectNoToken('sts_unreachable', { awsRoleArn: role })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('an STS that recovers gives a token within the same call', async () => {
    sts.setFault('throttle')
    const once: Runtime = {
      ...impatient,
      random: () => {
        sts.setFault(undefined)
        return 0
      },
    }
    expect((await tokenOf({ awsRoleArn: role }, once)).accessKeyId).toMatch(/^ASIALOCAL/)
    expect(sts.requests).toHaveLength(2)
  })
})

describe('Identity options', () => {
  test('awsRoleArn is assumed with the base credentials, under the fixed name, in the region of the cluster', async () => {
    aws.set(baseKeys)
    expect((await tokenOf({ awsRoleArn: role })).accessKeyId).toMatch(/^ASIALOCAL/)
    expect(sts.requests).toEqual([
      {
        action: 'AssumeRole',
        roleArn: role,
        sessionName: 'MSKSASLDefaultSession',
        accessKeyId: baseKeys.AWS_ACCESS_KEY_ID,
        region: 'eu-west-1',
      },
    ])
  })

  test('awsRoleSessionName and awsStsRegion reach STS, and the token is for the region of the cluster', async () => {
    aws.set(baseKeys)
    const token = await tokenOf({
      awsRoleArn: role,
      awsRoleSessionName: 'orders-service',
      awsStsRegion: 'us-east-1',
    })
    expect(sts.requests).toMatchObject([{ sessionName: 'orders-service', region: 'us-east-1' }])
    expect(token.host).toBe('kafka.eu-west-1.amazonaws.com')
  })

  test('several tokens of one role cost one request to STS while its credentials live', async () => {
    aws.set(baseKeys)
    let elapsed = 0
    const clock: Runtime = { ...impatient, monotonic: () => systemRuntime.monotonic() + elapsed }
    const sasl = provider({ awsRoleArn: role }, clock)
    const first = await sasl.oauthBearerProvider()
    elapsed = 901_000
    await sasl.oauthBearerProvider()
    expect(first.value).not.toBe('')
    expect(telemetry.spans('msk_iam.token.refresh')).toHaveLength(2)
    expect(sts.requests).toHaveLength(1)
  })

  test('awsProfile signs with the keys of the profile, not with those of the environment', async () => {
    aws.set(baseKeys)
    await aws.credentials(
      '[orders]\naws_access_key_id = AKIALOCALORDERS00001\naws_secret_access_key = not-a-secret\n',
    )
    expect((await tokenOf({ awsProfile: 'orders' })).accessKeyId).toBe('AKIALOCALORDERS00001')
    expect(sts.requests).toEqual([])
  })

  test('a profile with a role but no session name assumes it under the fixed name', async () => {
    await aws.config(`[profile orders]\nrole_arn = ${role}\nsource_profile = base\n`)
    await aws.credentials(baseProfile)
    expect((await tokenOf({ awsProfile: 'orders' })).accessKeyId).toMatch(/^ASIALOCAL/)
    expect(sts.requests).toMatchObject([
      {
        action: 'AssumeRole',
        roleArn: role,
        sessionName: 'MSKSASLDefaultSession',
        accessKeyId: baseKeys.AWS_ACCESS_KEY_ID,
      },
    ])
  })

  test('a profile with a role and a session name keeps its name', async () => {
    await aws.config(
      `[profile orders]\nrole_arn = ${role}\nrole_session_name = from-the-profile\nsource_profile = base\n`,
    )
    await aws.credentials(baseProfile)
    await tokenOf({ awsProfile: 'orders', awsStsRegion: 'us-east-1' })
    expect(sts.requests).toMatchObject([{ sessionName: 'from-the-profile', region: 'us-east-1' }])
  })

  test('a role of the profile in AWS_PROFILE is assumed under the fixed name too', async () => {
    await aws.config(`[profile orders]\nrole_arn = ${role}\nsource_profile = base\n`)
    await aws.credentials(baseProfile)
    aws.set({ AWS_PROFILE: 'orders' })
    await tokenOf()
    expect(sts.requests).toMatchObject([{ roleArn: role, sessionName: 'MSKSASLDefaultSession' }])
  })

  test('a profile with a web identity token file assumes its role under the fixed name', async () => {
    const file = await aws.write('token', 'a-service-account-token')
    await aws.config(`[profile pod]\nrole_arn = ${role}\nweb_identity_token_file = ${file}\n`)
    await tokenOf({ awsProfile: 'pod' })
    expect(sts.requests).toMatchObject([
      { action: 'AssumeRoleWithWebIdentity', roleArn: role, sessionName: 'MSKSASLDefaultSession' },
    ])
  })

  test('a chain of roles is assumed step by step, each under the fixed name', async () => {
    const outer = 'arn:aws:iam::123456789012:role/outer'
    await aws.config(
      `[profile orders]\nrole_arn = ${role}\nsource_profile = outer\n[profile outer]\nrole_arn = ${outer}\nsource_profile = base\n`,
    )
    await aws.credentials(baseProfile)
    await tokenOf({ awsProfile: 'orders' })
    expect(sts.requests).toMatchObject([
      { roleArn: outer, sessionName: 'MSKSASLDefaultSession' },
      { roleArn: role, sessionName: 'MSKSASLDefaultSession' },
    ])
  })

  test('a throttle on the role of a profile is asked once for each of four attempts', async () => {
    await aws.config(`[profile orders]\nrole_arn = ${role}\nsource_profile = base\n`)
    await aws.credentials(baseProfile)
    sts.setFault('throttle')
    await expectNoToken('sts_throttled', { awsProfile: 'orders' })
    expect(sts.requests).toHaveLength(4)
  })

  test.each([
    ['awsProfile', { awsProfile: 'orders' }, {}],
    ['AWS_PROFILE', {}, { AWS_PROFILE: 'orders' }],
  ])('a credentials file that was rotated is seen by the next refresh, with %s', async (_, options, env) => {
    const keys = (id: string) => `[orders]\naws_access_key_id = ${id}\naws_secret_access_key = not-a-secret\n`
    await aws.credentials(keys('AKIALOCALBEFORE00001'))
    aws.set(env)
    let elapsed = 0
    const sasl = provider(options, { ...impatient, monotonic: () => systemRuntime.monotonic() + elapsed })
    const before = await sasl.oauthBearerProvider()
    await aws.credentials(keys('AKIALOCALAFTER000001'))
    elapsed = 901_000
    const after = await sasl.oauthBearerProvider()
    expect(signedUrl(before.value).accessKeyId).toBe('AKIALOCALBEFORE00001')
    expect(signedUrl(after.value).accessKeyId).toBe('AKIALOCALAFTER000001')
  })
})

describe('At the signer', () => {
  const credentials = (lifeMs: number) => ({
    accessKeyId: 'ASIALOCALORDERS00001',
    secretAccessKey: 'not-a-secret',
    sessionToken: 'session',
    expiration: new Date(Date.now() + lifeMs),
  })

  test('credentials that have expired sign nothing, though the official signer would', async () => {
    const expired = credentials(-60_000)
    const official = await generateAuthTokenFromCredentialsProvider({
      region: 'eu-west-1',
      awsCredentialsProvider: async () => expired,
    })
    expect(Number(signedUrl(official.token).expires)).toBeLessThan(0)
    await expectNoToken('token_expired', { credentials: expired })
  })

  test('credentials that end within the second sign nothing', async () => {
    await expectNoToken('token_expired', { credentials: credentials(900) })
  })

  test('credentials with a fraction of a second left give a token of whole seconds', async () => {
    const fraction = credentials(65_299)
    const official = await generateAuthTokenFromCredentialsProvider({
      region: 'eu-west-1',
      awsCredentialsProvider: async () => fraction,
    })
    expect(signedUrl(official.token).expires).toContain('.')
    const { expires } = await tokenOf({ credentials: fraction })
    expect(expires).toMatch(/^6[45]$/)
  })

  test('temporary keys without an expiry are warned of once, and no life is claimed for them', async () => {
    const warnings = diagWarnings()
    aws.set({ ...baseKeys, AWS_SESSION_TOKEN: 'session' })
    let elapsed = 0
    const sasl = provider({}, { ...impatient, monotonic: () => systemRuntime.monotonic() + elapsed })
    await sasl.oauthBearerProvider()
    elapsed = 901_000
    await sasl.oauthBearerProvider()
    expect(telemetry.spans('msk_iam.token.refresh')).toHaveLength(2)
    const row = failureClass('credentials_expiry_unknown')
    expect(warnings).toEqual([
      `kafka-iam-otel: provider "${name}": ${row?.title}. ${row?.hint} [credentials_expiry_unknown]`,
    ])
    asserted.codes.add('credentials_expiry_unknown')
    const of = { 'msk_iam.provider.name': name }
    expect(await telemetry.points('msk_iam.token.remaining_lifetime', of)).toHaveLength(1)
    expect(await telemetry.points('msk_iam.credentials.remaining_lifetime', of)).toEqual([])
    expect(sasl.inspect()).not.toHaveProperty('credentialsRemainingSeconds')
  })

  test('temporary keys with AWS_CREDENTIAL_EXPIRATION are not warned of, and their life is told', async () => {
    const warnings = diagWarnings()
    const AWS_CREDENTIAL_EXPIRATION = new Date(Date.now() + 1_800_000).toISOString()
    aws.set({ ...baseKeys, AWS_SESSION_TOKEN: 'session', AWS_CREDENTIAL_EXPIRATION })
    await tokenOf()
    expect(warnings).toEqual([])
    const of = { 'msk_iam.provider.name': name }
    const life = (await telemetry.value('msk_iam.credentials.remaining_lifetime', of)) as number
    expect(life).toBeGreaterThan(1_700)
    expect(life).toBeLessThanOrEqual(1_800)
  })

  test('an empty region, which the official signer refuses, is refused when the provider is made', async () => {
    const official = await rejectionOf(
      generateAuthTokenFromCredentialsProvider({
        region: '',
        awsCredentialsProvider: async () => credentials(3_600_000),
      }),
    )
    expect(classifyFailure(official, 'token').code).toBe('region_invalid')
    expect(() => createMskIamSasl({ region: '' })).toThrow(
      expect.objectContaining({ code: 'region_invalid', retriable: false }),
    )
    asserted.codes.add('region_invalid')
  })

  test('a region that AWS does not have signs all the same, with a warning that names it', async () => {
    const warnings = diagWarnings()
    const token = await tokenOf({ region: 'mars-west-9', credentials: credentials(3_600_000) })
    expect(token.host).toBe('kafka.mars-west-9.amazonaws.com')
    expect(warnings).toEqual([
      'kafka-iam-otel: `region` is "mars-west-9", which is in no AWS partition known here: check it',
    ])
  })
})

describe('Without the optional packages', () => {
  /** A project of its own in which only these packages are installed; what its provider rejects with. */
  async function rejectionIn(installed: readonly string[], options: object) {
    const root = join(import.meta.dirname, '../..')
    const project = join(aws.home, 'project')
    await cp(join(root, 'src'), join(project, 'src'), { recursive: true })
    for (const name of installed) {
      const link = join(project, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(root, 'node_modules', name), link)
    }
    await aws.write('project/package.json', '{ "type": "module" }')
    const program = await aws.write(
      'project/main.ts',
      `import { createMskIamSasl } from './src/index.ts'
       const sasl = createMskIamSasl(${JSON.stringify({ region: 'eu-west-1', ...options })})
       await sasl.oauthBearerProvider().catch(({ name, message, failure, retriable }) =>
         console.log(JSON.stringify({ name, message, failure, retriable })))`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', program])
    return JSON.parse(stdout)
  }

  test.each([
    ['aws-msk-iam-sasl-signer-js', ['@opentelemetry/api'], {}],
    [
      '@aws-sdk/credential-providers',
      ['@opentelemetry/api', 'aws-msk-iam-sasl-signer-js'],
      { awsRoleArn: role },
    ],
  ])('%s is named, with the command that installs it', async (name, installed, options) => {
    expect(await rejectionIn(installed, options)).toEqual({
      name: 'MskIamConfigurationError',
      message: expect.stringContaining(`${name} is needed`),
      failure: { code: 'package_missing', hint: `Run: npm install ${name}` },
      retriable: false,
    })
    asserted.codes.add('package_missing')
  })
})

test('Every failure that is listed as covered before a token has been asserted above', () => {
  expect([...asserted.codes].sort()).toEqual(
    [...coveredBeforeAToken.reproduced, ...coveredBeforeAToken.others].sort(),
  )
})
