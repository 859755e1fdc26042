/** What the files of failures before a token share: an STS of their own, and a provider that is asked for a token. */
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterEach, beforeEach, expect } from 'vitest'
import { type Runtime, systemRuntime } from '../../src/base/clocks-and-timers.ts'
import type { MskIamSasl, MskIamSaslOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { type LocalSts, startLocalSts } from '../../src/testing/index.ts'
import { type CaughtError, expectFailedSpan, rejectionOf } from './expect-failure.ts'
import { asserted, aws, open, setUp, telemetry } from './set-up.ts'

export const role = 'arn:aws:iam::123456789012:role/orders'
export const baseKeys = {
  AWS_ACCESS_KEY_ID: 'AKIALOCALBASE0000001',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret-of-the-base',
}
export const baseProfile = `[base]
aws_access_key_id = ${baseKeys.AWS_ACCESS_KEY_ID}
aws_secret_access_key = ${baseKeys.AWS_SECRET_ACCESS_KEY}
`
/** Retries do not wait. */
export const impatient: Runtime = { ...systemRuntime, random: () => 0 }

// Importers see what the hooks put here.
/** New for each test. */
export let sts: LocalSts
/** Of the test's provider. */
export let name: string
let providers = 0

export function setUpToken(): void {
  setUp()
  beforeEach(async () => {
    sts = await startLocalSts()
    aws.set({ AWS_ENDPOINT_URL_STS: sts.url })
    providers += 1
    name = `provider-${providers}`
  })
  afterEach(async () => {
    diag.disable()
    await sts.close()
  })
}

type Options = Partial<Record<keyof MskIamSaslOptions, unknown>>

export function provider(options: Options = {}, runtime: Runtime = impatient): MskIamSasl {
  const given = { region: 'eu-west-1', name, backgroundRefresh: false, ...options } as MskIamSaslOptions
  const sasl = buildMskIamSasl(checkedSaslOptions(given), runtime)
  open.push(sasl.close)
  return sasl
}

/** Asks for a token and asserts the failure on the error that the caller catches, and on the spans. */
export async function expectNoToken(
  code: string,
  options: Options = {},
  runtime?: Runtime,
): Promise<CaughtError> {
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

export const signedUrl = (token: string): SignedUrl => {
  const { host, searchParams } = new URL(Buffer.from(token, 'base64url').toString())
  return {
    host,
    accessKeyId: searchParams.get('X-Amz-Credential')?.split('/')[0],
    expires: searchParams.get('X-Amz-Expires'),
  }
}

export async function tokenOf(options: Options = {}, runtime?: Runtime): Promise<SignedUrl> {
  const { value } = await provider(options, runtime).oauthBearerProvider()
  return signedUrl(value)
}

/** What the API's diag says while the test runs. */
export function diagWarnings(): string[] {
  const warnings: string[] = []
  const note = (text: string) => void warnings.push(text)
  const ignore = () => undefined
  diag.setLogger(
    { warn: note, error: note, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  return warnings
}
