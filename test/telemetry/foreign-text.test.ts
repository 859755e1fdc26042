import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createMskIamSasl, instrumentProducer } from '../../src/index.ts'
import { deadLetter } from '../../src/publisher/dead-letter.ts'
import { warn } from '../../src/telemetry/guard.ts'
import type { AuthenticationProviderArgs } from '../../src/types.ts'
import { diagWarnings } from '../support/diag.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

const KEY = 'AKIAIOSFODNN7EXAMPLE'
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const DIRTY = `no\u001b[31m way\u2028 ${KEY}:${SECRET}\u202e\r\n arn:aws:iam::123456789012:role/x,${SECRET}\0`

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterAll(() => telemetry.stop())

/** Each text in a value, however deep. */
function texts(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || depth > 6) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...texts(inner, depth + 1)])
}

function expectClean(...values: unknown[]): void {
  const all = texts(values)
  expect(all.length).toBeGreaterThan(0)
  for (const text of all) {
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    expect(text).not.toContain('IOSFODNN7EXA')
    expect(text).not.toContain('wJalrXUtnFEM')
    expect(text).not.toContain('bPxRfiCYEXAM')
  }
}

const exported = async () => [
  telemetry.spans().map(({ name, status, attributes, links }) => ({ name, status, attributes, links })),
  telemetry.logs().map(({ body, attributes }) => ({ body, attributes })),
  await Promise.all((await telemetry.metricNames()).map((name) => telemetry.points(name))).then((points) =>
    points.flat().map(({ attributes }) => attributes),
  ),
]

/** An authentication of a broker with this name, by what `signer` and `saslAuthenticate` do. */
async function authenticate(
  generateAuthToken: () => Promise<{ token: string; expiryTime: number }>,
  saslAuthenticate: () => Promise<unknown>,
) {
  const logger = { error: vi.fn(), debug: vi.fn(), info: vi.fn(), warn: vi.fn() }
  const sasl = createMskIamSasl({
    region: 'eu-west-1',
    signer: { generateAuthToken },
    name: `orders ${KEY}`,
    serverAddressOnMetrics: true,
  })
  const args = { host: `b-1\n${DIRTY}`, port: 9098, logger, saslAuthenticate } as unknown
  const error = await sasl
    .authenticationProvider(args as AuthenticationProviderArgs)
    .authenticate()
    .then(
      () => undefined,
      (failed: unknown) => failed,
    )
  sasl.close()
  return { error, lines: logger.error.mock.calls }
}

const signed = async () => ({ token: 'token', expiryTime: Date.now() + 900_000 })

test('what a signer says is clean in our error, on spans, in metrics, in the log record and in the line', async () => {
  const original = Object.assign(new Error(DIRTY), { name: DIRTY, code: DIRTY, type: KEY })
  const { error, lines } = await authenticate(
    () => Promise.reject(original),
    async () => Buffer.alloc(4),
  )
  expect((error as { original?: unknown }).original).toBe(original)
  expect(original.message).toBe(DIRTY)
  expect(lines).toHaveLength(1)
  expectClean((error as Error).message, (error as { failure?: unknown }).failure, lines, await exported())
})

test('what a broker says is clean, and stays in its own error as it was', async () => {
  const original = Object.assign(new Error(DIRTY), { type: 'SASL_AUTHENTICATION_FAILED', code: 58 })
  const { error, lines } = await authenticate(signed, () => Promise.reject(original))
  expect([error, original.message]).toEqual([original, DIRTY])
  expect(lines).toHaveLength(1)
  expectClean(lines, await exported())
})

test('what a broker says as the status of an OAuth error is clean', async () => {
  const answer = Buffer.from(`    ${JSON.stringify({ status: DIRTY })}`)
  const { error, lines } = await authenticate(signed, async () => {
    const { decodeServerResponse } = await import('../../src/authentication/oauthbearer.ts')
    return decodeServerResponse(answer)
  })
  expect((error as Error).message).toMatch(
    /^The broker answered the token with an OAuth error: status no way/,
  )
  expectClean((error as Error).message, lines, await exported())
})

test('what is no name of a topic is left out of the name of the span, of links and of labels', async () => {
  const producer = instrumentProducer({
    send: async () => [],
    sendBatch: async () => [],
  } as never) as unknown as {
    send(record: object): Promise<unknown>
    sendBatch(batch: object): Promise<unknown>
  }
  const messages = [{ value: 'x' }, { value: 'y' }]
  await producer.send({ topic: DIRTY, messages })
  await producer.sendBatch({
    topicMessages: [
      { topic: `${DIRTY}2`, messages },
      { topic: 'orders', messages },
    ],
  })
  const names = telemetry.spans().map(({ name }) => name)
  expect(names.filter((name) => name.startsWith('send'))).toEqual(['send', 'send'])
  expectClean(await exported())
})

test('an error is clean in the headers of a dead letter and on diag', () => {
  const error = Object.assign(new Error(DIRTY), { name: DIRTY })
  const { headers } = deadLetter({ topic: 'orders', value: 'x' } as never, error, new Date(0))
  const diag = diagWarnings()
  warn(DIRTY)
  expectClean(headers, diag.mock.calls)
})
