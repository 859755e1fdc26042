import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { rejectionOf } from './expect-failure.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { aws, expectAllAsserted, telemetry } from './set-up.ts'
import { expectNoToken, provider, setUpToken, signedUrl } from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.profiles)
