import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MskIamSasl, MskIamSaslOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { type FakeRuntime, fakeRuntime, settle } from '../support/fake-runtime.ts'
import { type FakeSigner, fakeSigner, permanent, transient } from '../support/fake-signer.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

const MINUTE = 60_000
let telemetry: Telemetry
let runtime: FakeRuntime
let signer: FakeSigner
let sasl: MskIamSasl
let names = 0

const provider = (options: Partial<MskIamSaslOptions> = {}) => {
  const settings = { region: 'eu-west-1', signer, name: `life-${++names}`, ...options } as MskIamSaslOptions
  sasl = buildMskIamSasl(checkedSaslOptions(settings), runtime)
  return sasl
}
const value = async () => (await sasl.oauthBearerProvider()).value
const result = async (action: () => Promise<unknown>) => {
  const before = sasl.inspect().requests
  await action().catch(() => undefined)
  const after = sasl.inspect().requests
  return (Object.keys(after) as (keyof typeof after)[]).filter((key) => after[key] !== before[key])
}

beforeAll(() => {
  telemetry = startTelemetry()
})
afterAll(() => telemetry.stop())
beforeEach(() => {
  runtime = fakeRuntime()
  signer = fakeSigner(runtime)
})
afterEach(() => {
  sasl.close()
  telemetry.clear()
})

describe('a fresh token', () => {
  test('is given to every caller without asking the signer again', async () => {
    provider()
    expect(await sasl.oauthBearerProvider()).toEqual({
      value: 'token-1',
      principal: 'eventferry',
      lifetime: runtime.now() + 15 * MINUTE,
    })
    expect(await result(value)).toEqual(['hit'])
    expect(signer.requests).toEqual([{ region: 'eu-west-1' }])
  })

  test('is shared by callers that come while it is being made', async () => {
    provider()
    signer.hold()
    const callers = [value(), value(), value()]
    await settle()
    signer.release()
    expect(await Promise.all(callers)).toEqual(['token-1', 'token-1', 'token-1'])
    expect(sasl.inspect().requests).toMatchObject({ miss: 1, joined: 2 })
  })

  test('whose expiry is in seconds is understood', async () => {
    provider({
      signer: { generateAuthToken: async () => ({ token: 'a', expiryTime: runtime.now() / 1000 + 900 }) },
    })
    expect((await sasl.oauthBearerProvider()).lifetime).toBe(runtime.now() + 15 * MINUTE)
  })
})

describe('inside the window', () => {
  test('the caller gets the current token at once and a refresh runs behind it', async () => {
    provider({ backgroundRefresh: false })
    await value()
    await runtime.advance(14 * MINUTE + 1_000)
    signer.hold()
    expect(await result(value)).toEqual(['refresh_ahead'])
    expect(await value()).toBe('token-1')
    signer.release()
    await settle()
    expect(await value()).toBe('token-2')
    expect(signer.requests).toHaveLength(2)
  })

  test('refreshAheadMs moves the window', async () => {
    provider({ backgroundRefresh: false, refreshAheadMs: 5 * MINUTE })
    await value()
    await runtime.advance(10 * MINUTE - 1)
    expect(await result(value)).toEqual(['hit'])
    await runtime.advance(1)
    expect(await result(value)).toEqual(['refresh_ahead'])
  })

  test('a short token is not refreshed for most of its life: the window is at most three quarters of it', async () => {
    signer.life = 40_000
    provider({ backgroundRefresh: false })
    await value()
    await runtime.advance(9_999)
    expect(await result(value)).toEqual(['hit'])
    await runtime.advance(1)
    expect(await result(value)).toEqual(['refresh_ahead'])
  })

  test('a failing refresh costs nothing: the token is served as stale until a refresh succeeds', async () => {
    provider({ backgroundRefresh: false })
    await value()
    signer.fail = permanent
    await runtime.advance(14 * MINUTE + 1_000)
    expect(await result(value)).toEqual(['refresh_ahead'])
    await settle()
    expect(await result(value)).toEqual(['stale'])
    await settle()
    expect(sasl.inspect()).toMatchObject({
      consecutiveFailures: 2,
      lastFailure: { code: 'assume_role_denied' },
    })
    signer.fail = undefined
    await runtime.advance(10_000)
    await value()
    await settle()
    expect(await result(value)).toEqual(['hit'])
    expect(sasl.inspect().consecutiveFailures).toBe(0)
  })
})

describe('below the floor', () => {
  const nearlyOver = 15 * MINUTE - 29_000

  test('the caller waits for a new token', async () => {
    provider({ backgroundRefresh: false })
    await value()
    await runtime.advance(nearlyOver)
    expect(await value()).toBe('token-2')
    expect(sasl.inspect().requests).toMatchObject({ miss: 2 })
  })

  test('the old one is still served while nothing better can be had and it lives', async () => {
    provider({ backgroundRefresh: false })
    await value()
    signer.fail = permanent
    await runtime.advance(nearlyOver)
    expect(await value()).toBe('token-1')
    expect(await result(value)).toEqual(['stale'])
    await runtime.advance(29_000)
    await expect(value()).rejects.toMatchObject({ code: 'assume_role_denied', retriable: false })
  })
})

describe('the timer', () => {
  test('renews long before the window opens, with nobody calling', async () => {
    provider()
    await value()
    // 60 % (the dice show one half) of the 14 minutes until the window.
    await runtime.advance(0.6 * 14 * MINUTE - 1)
    expect(signer.requests).toHaveLength(1)
    await runtime.advance(1)
    expect(signer.requests).toHaveLength(2)
    expect(
      telemetry.spans('msk_iam.token.refresh').map((span) => span.attributes['msk_iam.refresh.trigger']),
    ).toEqual(['first', 'timer'])
  })

  test('goes on trying through an outage, so that it shows while there is life left, and recovers', async () => {
    provider()
    await value()
    signer.fail = permanent
    await runtime.advance(12 * MINUTE)
    const { consecutiveFailures, token } = sasl.inspect()
    expect(consecutiveFailures).toBeGreaterThan(5)
    expect(token?.remainingSeconds).toBe(180)
    signer.fail = undefined
    await runtime.advance(30_000)
    expect(sasl.inspect()).toMatchObject({ consecutiveFailures: 0 })
    expect(await result(value)).toEqual(['hit'])
  })

  test('goes on through a long outage although timers ring a little too soon', async () => {
    runtime.early = 0.5
    provider()
    await value()
    signer.fail = permanent
    await runtime.advance(12 * MINUTE)
    expect(sasl.inspect().consecutiveFailures).toBeGreaterThan(5)
    expect(runtime.timers).toBe(1)
  })

  test('rings at least once an hour, however long a token lives', async () => {
    signer.life = 60 * 24 * 60 * MINUTE
    provider()
    await value()
    await runtime.advance(59 * MINUTE)
    expect(signer.requests).toHaveLength(1)
    await runtime.advance(MINUTE)
    expect(signer.requests).toHaveLength(2)
  })

  test('is not set with backgroundRefresh: false, and stops with close()', async () => {
    provider({ backgroundRefresh: false })
    await value()
    expect(runtime.timers).toBe(0)
    provider()
    await value()
    expect(runtime.timers).toBe(1)
    sasl.close()
    expect(runtime.timers).toBe(0)
  })
})

describe('a failing signer', () => {
  test('is asked again for a transient failure only, and not for ever', async () => {
    provider()
    signer.fail = transient
    const failed = value()
    const outcome = expect(failed).rejects.toMatchObject({
      name: 'MskIamTokenError',
      code: 'sts_throttled',
      retriable: true,
    })
    await runtime.advance(8_000)
    await outcome
    expect(signer.requests).toHaveLength(4)
    expect(
      await telemetry.value('msk_iam.signer.retries', { 'msk_iam.provider.name': `life-${names}` }),
    ).toBe(3)
    signer.fail = () => new Error('something else')
    await expect(value()).rejects.toMatchObject({ code: '_OTHER', retriable: false })
    expect(signer.requests).toHaveLength(5)
  })

  test('is asked again at once after one failure, and left alone for a while after the second', async () => {
    provider({ backgroundRefresh: false })
    signer.fail = permanent
    await expect(value()).rejects.toThrow('assume_role_denied')
    await expect(value()).rejects.toThrow('assume_role_denied')
    expect(signer.requests).toHaveLength(2)
    await expect(value()).rejects.toThrow('assume_role_denied')
    expect(signer.requests).toHaveLength(2)
    signer.fail = undefined
    await runtime.advance(3_000)
    expect(await value()).toBe('token-3')
  })

  test('that hangs is given up after 4 s an attempt and 8 s in all, and every caller is told', async () => {
    provider({ backgroundRefresh: false })
    signer.hold()
    const callers = Promise.allSettled([value(), value()])
    await runtime.advance(8_000)
    const codes = (await callers).map((outcome) => (outcome as PromiseRejectedResult).reason.code)
    expect(codes).toEqual(['signer_timeout', 'signer_timeout'])
  })

  test('that answers after it was given up has not worked in vain', async () => {
    provider({ backgroundRefresh: false })
    signer.hold()
    const caller = value().catch((error: { code: string }) => error.code)
    await runtime.advance(8_000)
    expect(await caller).toBe('signer_timeout')
    signer.release()
    await settle()
    expect(await result(value)).toEqual(['hit'])
  })
})

describe('a token that a broker refused', () => {
  const refuse = async (message: string) => {
    const refused = Object.assign(new Error(message), { type: 'SASL_AUTHENTICATION_FAILED', code: 58 })
    const { authenticate } = sasl.authenticationProvider({
      host: 'b-1',
      port: 9098,
      logger: { error: () => undefined },
      saslAuthenticate: async () => {
        throw refused
      },
    })
    const failed = authenticate().catch((error: unknown) => error)
    await runtime.advance(1_000)
    return failed
  }

  test('is not offered again, and its span says so', async () => {
    provider()
    await value()
    expect(await refuse('[0a1b2c3d-1111-2222-3333-444455556666]: Access denied')).toMatchObject({
      type: 'SASL_AUTHENTICATION_FAILED',
      retriable: false,
      failure: { code: 'access_denied', requestId: '0a1b2c3d-1111-2222-3333-444455556666' },
    })
    expect(await value()).toBe('token-2')
    expect(telemetry.spans('msk_iam.token.refresh').at(-1)?.attributes['msk_iam.refresh.trigger']).toBe(
      'rejected',
    )
  })

  test('stays for the other brokers when it was a throttle', async () => {
    provider()
    await value()
    expect(await refuse('[id]: Too many connects')).toMatchObject({
      failure: { code: 'too_many_connects' },
      retriable: true,
    })
    expect(await value()).toBe('token-1')
  })

  test('is told apart from one that a caching signer gives again', async () => {
    provider({
      signer: { generateAuthToken: async () => ({ token: 'the-same', expiryTime: runtime.now() + 900_000 }) },
    })
    await value()
    await refuse('[id]: Access denied')
    const again = expect(value()).rejects.toMatchObject({ code: 'token_refused_again', retriable: false })
    await runtime.advance(2_000)
    await again
  })
})

describe('a process that slept', () => {
  test.each([{ frozen: true }, { frozen: false }])(
    'does not use a token that died meanwhile (%j)',
    async (options) => {
      provider()
      await value()
      runtime.sleep(16 * MINUTE, options)
      expect(await value()).toBe('token-2')
    },
  )

  test('does not join a refresh that was frozen with it', async () => {
    provider()
    signer.hold()
    const before = value().catch((error: { code: string }) => error.code)
    await settle()
    runtime.sleep(10 * MINUTE, { frozen: true })
    const after = value()
    signer.release()
    expect(await after).toMatch(/^token-/)
    await before
    expect(signer.requests.length).toBeGreaterThan(1)
  })

  test('is not fooled by a wall clock that is set back', async () => {
    provider()
    await value()
    runtime.jump(-60 * MINUTE)
    await runtime.advance(14 * MINUTE + 40_000)
    expect(await value()).not.toBe('token-1')
  })
})

describe('close()', () => {
  test('rejects whoever waits and whoever comes, and may be called twice', async () => {
    provider()
    signer.hold()
    const waiting = value()
    await settle()
    sasl.close()
    sasl.close()
    await expect(waiting).rejects.toMatchObject({ code: 'provider_closed', retriable: false })
    await expect(value()).rejects.toMatchObject({ code: 'provider_closed' })
    expect(sasl.inspect()).toMatchObject({ closed: true })
  })

  test('is what leaving an `await using` block does', async () => {
    {
      await using scoped = provider()
      await scoped.oauthBearerProvider()
    }
    expect(sasl.inspect().closed).toBe(true)
  })
})

describe('in AWS Lambda', () => {
  test('a token inside the window is waited for and no timer is set', async ({ onTestFinished }) => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'orders'
    onTestFinished(() => {
      delete process.env['AWS_LAMBDA_FUNCTION_NAME']
    })
    provider()
    await value()
    expect(runtime.timers).toBe(0)
    runtime.sleep(14 * MINUTE + 1_000, { frozen: true })
    expect(await value()).toBe('token-2')
  })
})

test('inspect() tells how the token is doing and holds no secret', async () => {
  provider({ name: 'orders' })
  await value()
  await runtime.advance(5_000)
  expect(sasl.inspect()).toEqual({
    name: 'orders',
    region: 'eu-west-1',
    closed: false,
    token: { ageSeconds: 5, remainingSeconds: 895 },
    consecutiveFailures: 0,
    requests: { hit: 0, refresh_ahead: 0, stale: 0, miss: 1, joined: 0, error: 0 },
  })
  expect(JSON.stringify(sasl.inspect())).not.toContain('token-1')
})
