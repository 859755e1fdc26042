import { types } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KafkaIamError, MskIamSasl, MskIamSaslOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { type FakeRuntime, fakeRuntime, settle } from '../support/fake-runtime.ts'
import { type FakeSigner, fakeSigner, permanent } from '../support/fake-signer.ts'

let runtime: FakeRuntime
let signer: FakeSigner
let sasl: MskIamSasl

const provider = (options: Partial<MskIamSaslOptions> = {}) => {
  const settings = { region: 'eu-west-1', signer, name: 'corners', ...options } as MskIamSaslOptions
  sasl = buildMskIamSasl(checkedSaslOptions(settings), runtime)
  return sasl
}
const value = async () => (await sasl.oauthBearerProvider()).value
const failure = (): Promise<KafkaIamError> =>
  sasl.oauthBearerProvider().then(
    () => Promise.reject(new Error('it gave a token')),
    (error) => error,
  )

beforeEach(() => {
  runtime = fakeRuntime()
  signer = fakeSigner(runtime)
})
afterEach(() => sasl.close())

describe('callers that wait while the process sleeps', () => {
  test('get the token of the refresh that is started after it', async () => {
    provider({ backgroundRefresh: false })
    signer.hold()
    const before = [value(), value()]
    await settle()
    runtime.sleep(3_600_000, { frozen: true })
    const after = value()
    await settle()
    signer.release()
    const [first, second, third] = await Promise.all([...before, after])
    expect([first, second]).toEqual([third, third])
    expect(sasl.inspect().requests).toMatchObject({ miss: 1, joined: 2, error: 0 })
  })

  test('get one without another caller, though the sleep has ended the attempt; nothing has failed', async () => {
    provider({ backgroundRefresh: false })
    signer.hold()
    const before = value()
    await settle()
    runtime.sleep(3_600_000)
    const lost = signer.requests.length
    await runtime.advance(1)
    signer.release()
    expect(await before).toBe(`token-${lost + 1}`)
    expect(sasl.inspect().consecutiveFailures).toBe(0)
  })
})

test('a refresh that brings a shorter token than the one that is held gives the held one', async () => {
  provider({ backgroundRefresh: false, minTokenLifeMs: 500_000, refreshAheadMs: 500_000 })
  await value()
  await runtime.advance(500_000)
  signer.life = 60_000
  expect(await Promise.all([value(), value()])).toEqual(['token-1', 'token-1'])
  expect(sasl.inspect()).toMatchObject({ token: { remainingSeconds: 400 }, requests: { miss: 2, joined: 1 } })
})

describe('the error of one caller', () => {
  const spoil = (error: KafkaIamError) =>
    Object.assign(error, { message: 'oauthbearer_token_refresh_cb: spoilt', retriable: true, stack: 'none' })

  test('is not that of another one who waited for the same refresh', async () => {
    provider()
    const original = permanent()
    signer.fail = () => original
    const [first, second] = await Promise.all([failure(), failure()])
    const { message } = second
    spoil(first)
    Object.assign(first.failure, { hint: 'none' })
    expect(second).toMatchObject({
      name: 'MskIamTokenError',
      code: 'assume_role_denied',
      message,
      retriable: false,
    })
    expect(second.constructor).toBe(first.constructor)
    expect([types.isNativeError(second), second.stack?.includes(message)]).toEqual([true, true])
    expect([second.original, second.failure.hint, second.hint]).toEqual([
      original,
      second.failure.hint,
      second.failure.hint,
    ])
    expect(second.failure.hint).not.toBe('none')
    expect(Object.keys(second)).toEqual(Object.keys(first))
  })

  test('is not that of a later one, to whom the last failure is repeated', async () => {
    provider({ backgroundRefresh: false })
    signer.fail = permanent
    await failure()
    const before = await failure()
    const { message } = before
    spoil(before)
    const calls = signer.requests.length
    const later = await failure()
    expect(signer.requests).toHaveLength(calls)
    expect(later).toMatchObject({ message, retriable: false })
    expect(sasl.inspect().lastFailure?.code).toBe('assume_role_denied')
  })

  test('is not that of another one whom `close` has turned away', async () => {
    provider()
    signer.hold()
    const waiting = [failure(), failure()]
    await settle()
    sasl.close()
    const [first, second] = (await Promise.all(waiting)) as [KafkaIamError, KafkaIamError]
    expect([first.code, second.code, first === second]).toEqual(['provider_closed', 'provider_closed', false])
  })
})

test('a signer that gave the same token again is asked at once where the clock jumps past the end of that one', async () => {
  const token = () => ({ token: `token-${runtime.now()}`, expiryTime: runtime.now() + 30_000 })
  let kept = token()
  const generateAuthToken = async () => {
    if (kept.expiryTime <= runtime.now()) kept = token()
    return kept
  }
  provider({ signer: { generateAuthToken }, backgroundRefresh: false })
  await value()
  await runtime.advance(11_000)
  await value()
  await settle()
  runtime.jump(3_600_000)
  expect(await value()).toBe(kept.token)
  expect(sasl.inspect().requests).toMatchObject({ error: 0 })
})
