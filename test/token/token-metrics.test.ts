import { diag } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MskIamSasl, MskIamSaslOptions } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { diagWarnings } from '../support/diag.ts'
import { type FakeRuntime, fakeRuntime } from '../support/fake-runtime.ts'
import { type FakeSigner, fakeSigner, permanent } from '../support/fake-signer.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
let runtime: FakeRuntime
let signer: FakeSigner
let name: string
let names = 0
const open: MskIamSasl[] = []

const provider = (options: Partial<MskIamSaslOptions> = {}) => {
  const settings = {
    region: 'eu-west-1',
    signer,
    name,
    backgroundRefresh: false,
    ...options,
  } as MskIamSaslOptions
  const sasl = buildMskIamSasl(checkedSaslOptions(settings), runtime)
  open.push(sasl)
  return sasl
}
const value = (metric: string, attributes = {}) =>
  telemetry.value(metric, { 'msk_iam.provider.name': name, ...attributes })

beforeAll(() => {
  telemetry = startTelemetry()
})
beforeEach(() => {
  runtime = fakeRuntime()
  signer = fakeSigner(runtime)
  name = `metrics-${++names}`
})
afterEach(() => {
  for (const sasl of open.splice(0)) sasl.close()
  telemetry.clear()
})
afterAll(() => telemetry.stop())

test('every result is counted from 0, before the first call', async () => {
  provider()
  const points = await telemetry.points('msk_iam.token.requests', { 'msk_iam.provider.name': name })
  expect(
    Object.fromEntries(points.map((point) => [point.attributes['msk_iam.token.result'], point.value])),
  ).toEqual({
    hit: 0,
    refresh_ahead: 0,
    stale: 0,
    miss: 0,
    joined: 0,
    error: 0,
  })
})

test('age, remaining life and failures in a row are those of the token', async () => {
  const sasl = provider()
  await sasl.oauthBearerProvider()
  await runtime.advance(100_000)
  expect(await value('msk_iam.token.age')).toBe(100)
  expect(await value('msk_iam.token.remaining_lifetime')).toBe(800)
  expect(await value('msk_iam.token.refresh.consecutive_failures')).toBe(0)
  expect(
    await telemetry.points('msk_iam.credentials.remaining_lifetime', { 'msk_iam.provider.name': name }),
  ).toEqual([])
  signer.fail = permanent
  await runtime.advance(780_000)
  await sasl.oauthBearerProvider()
  expect(await value('msk_iam.token.refresh.consecutive_failures')).toBe(1)
  expect(await value('msk_iam.token.refresh.failures', { 'error.type': 'assume_role_denied' })).toBe(1)
})

test('a first refresh that failed shows as no life left, and no age', async () => {
  signer.fail = permanent
  await provider()
    .oauthBearerProvider()
    .catch(() => undefined)
  expect(await value('msk_iam.token.remaining_lifetime')).toBe(0)
  expect(await telemetry.points('msk_iam.token.age', { 'msk_iam.provider.name': name })).toEqual([])
})

test('a refresh is timed by its trigger, and by its failure', async () => {
  const sasl = provider()
  await sasl.oauthBearerProvider()
  expect(await value('msk_iam.token.refresh.duration', { 'msk_iam.refresh.trigger': 'first' })).toMatchObject(
    { count: 1 },
  )
  signer.fail = permanent
  await runtime.advance(880_000)
  await sasl.oauthBearerProvider()
  const failed = { 'msk_iam.refresh.trigger': 'expired', 'error.type': 'assume_role_denied' }
  expect(await value('msk_iam.token.refresh.duration', failed)).toMatchObject({ count: 1 })
  expect(telemetry.logs()[0]).toMatchObject({
    eventName: 'msk_iam.token.refresh.failed',
    attributes: { 'error.type': 'assume_role_denied', 'msk_iam.provider.name': name },
  })
})

describe('several providers of one name', () => {
  test('share their series: counts add up, the least life and the greatest age show', async () => {
    const first = provider()
    await first.oauthBearerProvider()
    await runtime.advance(60_000)
    const second = provider()
    await second.oauthBearerProvider()
    expect(await value('msk_iam.providers')).toBe(2)
    expect(await value('msk_iam.token.requests', { 'msk_iam.token.result': 'miss' })).toBe(2)
    expect(await value('msk_iam.token.age')).toBe(60)
    expect(await value('msk_iam.token.remaining_lifetime')).toBe(840)
  })

  test('leave a count of 0 behind, and their counters, when the last is closed', async () => {
    const sasl = provider()
    await sasl.oauthBearerProvider()
    sasl.close()
    expect(await value('msk_iam.providers')).toBe(0)
    expect(await value('msk_iam.token.requests', { 'msk_iam.token.result': 'miss' })).toBe(1)
    expect(await telemetry.points('msk_iam.token.age', { 'msk_iam.provider.name': name })).toEqual([])
  })

  test('are counted apart by whether a timer renews their tokens, and what is gone is 0', async () => {
    const withTimer = provider({ backgroundRefresh: true })
    provider({ backgroundRefresh: false })
    const counted = async () => [
      await value('msk_iam.providers', { 'msk_iam.refresh.background': true }),
      await value('msk_iam.providers', { 'msk_iam.refresh.background': false }),
    ]
    expect(await counted()).toEqual([1, 1])
    withTimer.close()
    expect(await counted()).toEqual([0, 1])
  })

  test('that sign with different identities are warned of', () => {
    const warn = diagWarnings()
    provider()
    provider({ awsProfile: 'other' })
    diag.disable()
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining(`two providers named "${name}" sign with different identities`)],
    ])
  })
})

test('an SDK that starts after the provider is found by its next call', async () => {
  await telemetry.stop()
  const sasl = provider()
  await sasl.oauthBearerProvider()
  telemetry = startTelemetry()
  await sasl.oauthBearerProvider()
  expect(await value('msk_iam.token.requests', { 'msk_iam.token.result': 'hit' })).toBe(1)
  expect(await value('msk_iam.token.age')).toBe(0)
})

test('nothing that is observed is NaN or infinite, whatever a signer says', async () => {
  await provider({ signer: { generateAuthToken: async () => ({ token: 'a', expiryTime: Number.NaN }) } })
    .oauthBearerProvider()
    .catch(() => undefined)
  await provider({
    signer: { generateAuthToken: async () => ({ token: 'a', expiryTime: Number.MAX_VALUE }) },
  })
    .oauthBearerProvider()
    .catch(() => undefined)
  const names = (await telemetry.metricNames()).filter((metric) => metric.startsWith('msk_iam.'))
  const values = (await Promise.all(names.map((metric) => telemetry.points(metric))))
    .flat()
    .map((point) => point.value)
  expect(values.filter((number) => typeof number === 'number' && !Number.isFinite(number))).toEqual([])
})
