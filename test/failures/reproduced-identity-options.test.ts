import { describe, expect, test } from 'vitest'
import { type Runtime, systemRuntime } from '../../src/base/clocks-and-timers.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { aws, expectAllAsserted, telemetry } from './set-up.ts'
import {
  baseKeys,
  baseProfile,
  expectNoToken,
  impatient,
  provider,
  role,
  setUpToken,
  signedUrl,
  sts,
  tokenOf,
} from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.identityOptions)
