import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromEnv } from '@aws-sdk/credential-providers'
import { describe, expect, test } from 'vitest'
import { closedPort } from './aws-environment.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { aws, expectAllAsserted, telemetry } from './set-up.ts'
import { baseKeys, expectNoToken, setUpToken, sts, tokenOf } from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.environment)
