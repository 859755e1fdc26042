import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Runtime, systemRuntime } from '../../src/base/clocks-and-timers.ts'
import { selfSigned } from '../../src/testing/self-signed.ts'
import { closedPort } from './aws-environment.ts'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { aws, expectAllAsserted, telemetry } from './set-up.ts'
import { baseKeys, expectNoToken, impatient, name, role, setUpToken, sts, tokenOf } from './token-set-up.ts'

setUpToken()

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

expectAllAsserted(coveredBeforeAToken.roles)
