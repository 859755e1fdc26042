import { describe, expect, test } from 'vitest'
import { rejectionOf } from './expect-failure.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { aws, expectAllAsserted } from './set-up.ts'
import { expectNoToken, provider, role, setUpToken, sts, tokenOf } from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.webIdentity)
