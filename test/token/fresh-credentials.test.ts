import { beforeEach, describe, expect, test } from 'vitest'
import { CredentialsMemory } from '../../src/token/fresh-credentials.ts'
import { type FakeRuntime, fakeRuntime } from '../support/fake-runtime.ts'

const MINUTE = 60_000
let runtime: FakeRuntime
let asked: number
let source: () => Promise<{ expiration?: Date; originalExpiration?: Date }>
let memory: CredentialsMemory

const living = (ms: number) => ({ expiration: new Date(runtime.now() + ms) })
const get = async (anew = false) => {
  const { credentials, staleBecause } = await memory.get(anew)
  return {
    credentials,
    staleBecause: (staleBecause as { code?: string; message?: string } | undefined)?.message,
  }
}

beforeEach(() => {
  runtime = fakeRuntime()
  asked = 0
  source = async () => living(60 * MINUTE)
  memory = new CredentialsMemory(async () => {
    asked += 1
    return { accessKeyId: `key-${asked}`, secretAccessKey: 'x', ...(await source()) }
  }, runtime)
})

describe('credentials', () => {
  test('with more than the life of a token to live are not asked for again', async () => {
    await get()
    await runtime.advance(44 * MINUTE)
    expect((await get()).credentials.accessKeyId).toBe('key-1')
    expect(asked).toBe(1)
  })

  test('with less are asked for at every refresh, whether the answer is newer or not', async () => {
    source = async () => ({ expiration: new Date(Date.UTC(2026, 0, 1, 0, 5)) })
    await get()
    expect(await get()).toMatchObject({ credentials: { accessKeyId: 'key-2' }, staleBecause: undefined })
    expect(asked).toBe(2)
  })

  test('that do not say when they end are asked for at every refresh, so that a rotated file is seen', async () => {
    source = async () => ({})
    await get()
    expect((await get()).credentials.accessKeyId).toBe('key-2')
    expect(memory.remainingLife()).toBeUndefined()
  })

  test('behind a refused token are asked for anew', async () => {
    await get()
    expect((await get(true)).credentials.accessKeyId).toBe('key-2')
  })
})

describe('a source that fails', () => {
  test('is told while the old ones live, and they stay in use', async () => {
    await get()
    await runtime.advance(51 * MINUTE)
    source = async () => Promise.reject(new Error('STS is down'))
    expect(await get()).toMatchObject({ credentials: { accessKeyId: 'key-1' }, staleBecause: 'STS is down' })
    expect(memory.remainingLife()).toBe(9 * MINUTE)
  })

  test('is an error when there are no credentials that live', async () => {
    source = async () => Promise.reject(new Error('STS is down'))
    await expect(get()).rejects.toThrow('STS is down')
    source = async () => living(MINUTE)
    await get()
    source = async () => Promise.reject(new Error('STS is down'))
    await runtime.advance(MINUTE)
    await expect(get()).rejects.toThrow('STS is down')
  })

  test('that hangs is waited for 2 s at most while the old ones live; what it says later is kept', async () => {
    await get()
    await runtime.advance(51 * MINUTE)
    let answer: (value: object) => void = () => undefined
    source = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const waiting = get()
    await runtime.advance(2_000)
    expect(await waiting).toMatchObject({
      credentials: { accessKeyId: 'key-1' },
      staleBecause: expect.stringContaining('no newer credentials within 2000 ms'),
    })
    answer(living(60 * MINUTE))
    await runtime.advance(0)
    expect((await get()).credentials.accessKeyId).toBe('key-2')
  })

  test('is seen through where the AWS SDK lengthens the life of instance credentials by itself', async () => {
    source = async () => ({ ...living(8 * MINUTE), originalExpiration: new Date(runtime.now() + MINUTE) })
    const { staleBecause } = await get()
    expect(staleBecause).toContain('credentials_endpoint_unavailable')
    expect(memory.remainingLife()).toBe(MINUTE)
  })
})
