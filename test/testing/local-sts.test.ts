import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { fromTemporaryCredentials, fromWebToken } from '@aws-sdk/credential-providers'
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LocalSts, startLocalSts } from '../../src/testing/local-sts.ts'
import { region, signed, VerifierAtTime } from './iam/tokens.ts'

const role = 'arn:aws:iam::123456789012:role/orders'
const base = { accessKeyId: 'AKIALOCALBASE0000001', secretAccessKey: 'not-a-secret-of-the-base' }

let sts: LocalSts

beforeEach(async () => {
  sts = await startLocalSts({ principals: { [`${role}-audit`]: 'audit-service' } })
})
afterEach(() => sts.close())

const client = () => ({ endpoint: sts.url, region, maxAttempts: 1 })

/** The real SDK, which assumes the role with keys of its own. */
const assumed = (RoleArn = role) =>
  fromTemporaryCredentials({
    masterCredentials: base,
    params: { RoleArn, RoleSessionName: 'orders-pod' },
    clientConfig: client(),
  })()

/** The real SDK, which assumes the role with a token of its platform. */
const withWebIdentity = () =>
  fromWebToken({
    roleArn: role,
    roleSessionName: 'orders-pod',
    webIdentityToken: 'a-service-account-token',
    clientConfig: client(),
  })()

describe('The AWS SDK, unchanged,', () => {
  test('assumes a role, and a broker takes the token that is signed with it', async () => {
    const token = await signed(await assumed())
    expect(new VerifierAtTime().verify(token).principal).toBe('orders-service')
    expect(sts.requests).toEqual([
      {
        action: 'AssumeRole',
        roleArn: role,
        sessionName: 'orders-pod',
        accessKeyId: base.accessKeyId,
        region,
      },
    ])
  })

  test('assumes a role with a web identity, for which nobody has to sign', async () => {
    const token = await signed(await withWebIdentity())
    expect(new VerifierAtTime().verify(token).principal).toBe('orders-service')
    expect(sts.requests).toMatchObject([{ action: 'AssumeRoleWithWebIdentity', accessKeyId: undefined }])
  })

  test('asks who it is', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url)
    const debug = vi.fn()
    try {
      await generateAuthTokenFromCredentialsProvider({
        region,
        awsCredentialsProvider: async () => base,
        awsDebugCreds: true,
        logger: { debug, info() {}, warn() {}, error() {} },
      })
    } finally {
      vi.unstubAllEnvs()
    }
    expect(sts.requests).toMatchObject([{ action: 'GetCallerIdentity', accessKeyId: base.accessKeyId }])
    expect(debug.mock.calls.flat().join()).toContain('arn:aws:iam::123456789012:user/orders-service')
  })
})

describe('Its keys', () => {
  test('are those of the principal that a role stands for', async () => {
    const verifier = new VerifierAtTime()
    verifier.identities.add({ ...base, principal: 'audit-service' })
    expect(verifier.verify(await signed(await assumed(`${role}-audit`))).principal).toBe('audit-service')
    expect(verifier.verify(await signed(await assumed(`${role}-else`))).principal).toBe('orders-service')
  })

  test('are of the principal that was chosen for every other role', async () => {
    await using other = await startLocalSts({ defaultPrincipal: 'billing' })
    const keys = await fromTemporaryCredentials({
      masterCredentials: base,
      params: { RoleArn: role },
      clientConfig: { ...client(), endpoint: other.url },
    })()
    const verifier = new VerifierAtTime()
    verifier.identities.add({ ...base, principal: 'billing' })
    expect(verifier.verify(await signed(keys)).principal).toBe('billing')
  })

  test('live for an hour by its clock, or as long as it is told to', async () => {
    // A day ahead: the SDK takes no keys that have expired.
    const now = Date.now() + 86_400_000
    await using held = await startLocalSts({ now: () => now })
    const lifeOf = async () => {
      const { expiration } = await fromTemporaryCredentials({
        masterCredentials: base,
        params: { RoleArn: role },
        clientConfig: { ...client(), endpoint: held.url },
      })()
      return (expiration?.getTime() ?? 0) - now
    }
    expect(await lifeOf()).toBe(3_600_000)
    held.setCredentialSeconds(900)
    expect(await lifeOf()).toBe(900_000)
    held.setFault({ shortLived: 12 })
    expect(await lifeOf()).toBe(12_000)
    held.setFault(undefined)
    expect(await lifeOf()).toBe(900_000)
  })
})

describe('Its faults are, to the AWS SDK,', () => {
  test.each([
    [
      'deny',
      'AccessDenied',
      `User: arn:aws:iam::123456789012:user/local is not authorized to perform: sts:AssumeRole on resource: ${role}`,
    ],
    ['throttle', 'Throttling', 'Rate exceeded'],
    ['error', 'InternalFailure', 'An internal error has occurred'],
    ['expired-token', 'ExpiredToken', 'The security token included in the request is expired'],
    [
      'clock-skew',
      'SignatureDoesNotMatch',
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(/,
    ],
    ['down', 'TimeoutError', /socket hang up|ECONNRESET/],
  ] as const)('%s of a role: %s', async (fault, name, message) => {
    sts.setFault(fault)
    await expect(assumed()).rejects.toMatchObject({
      name,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    })
    expect(sts.requests).toHaveLength(1)
    sts.setFault(undefined)
    expect((await assumed()).accessKeyId).toMatch(/^ASIALOCAL/)
  })

  test.each([
    ['deny', 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
    [
      'expired-token',
      'ExpiredTokenException',
      'Token expired: current date/time must be before the expiration date/time',
    ],
    [
      'invalid-identity-token',
      'InvalidIdentityTokenException',
      'No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/LOCAL',
    ],
  ] as const)('%s of a web identity: %s', async (fault, name, message) => {
    sts.setFault(fault)
    await expect(withWebIdentity()).rejects.toMatchObject({ name, message })
  })

  test('slow: the same answer, later', async () => {
    sts.setFault({ slow: 20 })
    const before = performance.now()
    expect((await assumed()).accessKeyId).toMatch(/^ASIALOCAL/)
    // Timers count in whole milliseconds.
    expect(performance.now() - before).toBeGreaterThan(18)
  })
})

test('closing it ends the answers that are still due, at once and without a warning', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  sts.setFault({ slow: 3_600_000 })
  const waiting = Promise.allSettled(Array.from({ length: 20 }, () => assumed()))
  await vi.waitUntil(() => sts.requests.length === 20, { timeout: 4000 })
  await sts.close()
  await sts.close()
  for (const { status } of await waiting) expect(status).toBe('rejected')
  await expect(fetch(sts.url)).rejects.toThrow()
  process.off('warning', warned)
  expect(warned).not.toHaveBeenCalled()
})

test('a process that has closed it ends, whatever was still due', async () => {
  const program = `
    const { startLocalSts } = await import(${JSON.stringify(new URL('../../src/testing/local-sts.ts', import.meta.url).href)})
    await using sts = await startLocalSts()
    sts.setFault({ slow: 3_600_000 })
    const asking = fetch(sts.url, { method: 'POST', body: 'Action=GetCallerIdentity' }).catch(() => {})
    while (sts.requests.length === 0) await new Promise(setImmediate)`
  const run = promisify(execFile)
  await run(process.execPath, ['--input-type=module', '--eval', program], { timeout: 4000 })
})

test('closing it does not wait for a client that has sent half a request', async () => {
  const socket = connect(Number(new URL(sts.url).port), '127.0.0.1')
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.write('POST / HTTP/1.1\r\nHost: sts\r\nContent-Length: 100\r\n\r\nAction=')
  // The server has read it by the time that it answers another.
  await assumed()
  await sts.close()
  await closed
})

test('what it does not serve is answered as AWS would, whatever its name', async () => {
  const response = await fetch(sts.url, {
    method: 'POST',
    body: new URLSearchParams({ Action: 'Get<Session>Token' }),
  })
  expect(response.status).toBe(400)
  const xml = await response.text()
  expect(xml).toContain('<Code>InvalidAction</Code>')
  expect(xml).toContain('Could not find operation Get&#60;Session&#62;Token for version 2011-06-15')
})

test('names that mean something in XML come back as they were', async () => {
  const body = new URLSearchParams({ Action: 'AssumeRole', RoleArn: role, RoleSessionName: '<a&b>' })
  const xml = await (await fetch(sts.url, { method: 'POST', body })).text()
  expect(xml).toContain('assumed-role/orders/&#60;a&#38;b&#62;</Arn>')
})
