import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { describe, expect, test } from 'vitest'
import { systemRuntime } from '../../src/base/clocks-and-timers.ts'
import { failureClass } from '../../src/failures/catalogue.ts'
import { classifyFailure } from '../../src/failures/classify.ts'
import { createMskIamSasl } from '../../src/index.ts'
import { rejectionOf } from './expect-failure.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { asserted, aws, expectAllAsserted, telemetry } from './set-up.ts'
import {
  baseKeys,
  diagWarnings,
  expectNoToken,
  impatient,
  name,
  provider,
  setUpToken,
  signedUrl,
  tokenOf,
} from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.signer)
