import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { type JaegerSpan, jaeger } from './support/jaeger.ts'
import { lastValueOf } from './support/prometheus.ts'
import { endOf, readBack } from './support/read-back.ts'
import { build, type RunningExample, startExample } from './support/run-example.ts'
import { until } from './support/until.ts'

const ORDERS_PER_SECOND = 20
let example: RunningExample
let exitCode: number | null
let endedAt: number
let spans: JaegerSpan[]
let onBroker: Awaited<ReturnType<typeof readBack>>

const reauthentications = () =>
  jaeger(example.service, {
    operation: Span.Authenticate,
    tags: { [Attribute.AuthenticationKind]: 'reauthentication' },
  })
const children = (parent: JaegerSpan, name: string) =>
  spans.filter(
    (span) => span.traceId === parent.traceId && span.parentId === parent.spanId && span.name === name,
  )

/** `npm run example`, its two commands: build, then run. Only its pace and its name are this test's. */
beforeAll(async () => {
  build()
  const from = await endOf('orders')
  example = startExample('orders-service.ts', { ORDERS_PER_SECOND: String(ORDERS_PER_SECOND) }, 'example')
  try {
    await until('the first order', async () => (await example.printed()).includes('order 1 published'))
    // The session lives 45 s, and kafkajs renews it 10 s ahead.
    await until('a re-authentication', async () => (await reauthentications()).length > 0, { seconds: 60 })
  } finally {
    exitCode = await example.stop()
  }
  endedAt = Date.now()
  onBroker = await readBack('orders', from)
  spans = await until('the last span in Jaeger', async () => {
    const found = await jaeger(example.service)
    return found.filter(({ name }) => name === 'send orders').length >= (await published()) && found
  })
}, 180_000)

afterAll(() => {
  example?.process.kill('SIGKILL')
})

test('a service as a user has it stops on SIGTERM with exit code 0, every order told of as published', async () => {
  expect(exitCode).toBe(0)
  expect(await example.printed()).not.toMatch(/not published|could not connect/)
  expect(await published()).toBeGreaterThan(ORDERS_PER_SECOND)
})

describe('Jaeger', () => {
  test('shows connect → authenticate → refresh → sign as one trace', () => {
    const [connect, ...moreConnects] = spans.filter(({ name }) => name === Span.Connect)
    expect(moreConnects).toEqual([])
    expect(connect?.parentId).toBeUndefined()
    const [authenticate] = children(connect as JaegerSpan, Span.Authenticate)
    const [refresh] = children(authenticate as JaegerSpan, Span.TokenRefresh)
    const signs = children(refresh as JaegerSpan, Span.TokenSign)
    expect(signs).toHaveLength(1)
    expect(authenticate).toMatchObject({
      kind: 'client',
      status: 'UNSET',
      attributes: {
        [Attribute.AuthenticationKind]: 'initial',
        [Attribute.TokenResult]: 'miss',
        [Attribute.ServerAddress]: 'localhost',
        [Attribute.ServerPort]: 9098,
      },
    })
    expect(refresh?.attributes).toMatchObject({
      [Attribute.RefreshTrigger]: 'first',
      [Attribute.CredentialsSource]: 'env',
    })
    const inTrace = spans.filter(({ traceId }) => traceId === connect?.traceId)
    expect(inTrace.filter(({ name }) => name === Span.TokenRefresh)).toHaveLength(1)
  })

  test('shows the later re-authentication under the `send orders` that triggered it', async () => {
    const again = spans.filter(
      ({ attributes }) => attributes[Attribute.AuthenticationKind] === 'reauthentication',
    )
    expect(again.length).toBeGreaterThan(0)
    for (const span of again) {
      const parent = spans.find(({ spanId, traceId }) => spanId === span.parentId && traceId === span.traceId)
      expect(parent?.name).toBe('send orders')
      expect(span).toMatchObject({ name: Span.Authenticate, status: 'UNSET' })
    }
  })
})

test('the broker holds exactly the messages that the sent counter counts as successful', async () => {
  const sends = new Set(
    spans.filter(({ name }) => name === 'send orders').map(({ traceId, spanId }) => `${traceId}-${spanId}`),
  )
  // Every message carries the context of the send that brought it, so they are told from those of others.
  const ours = onBroker.filter(({ context }) => context !== undefined && sends.has(context))
  const instance = `${hostname()}-${example.process.pid}`
  const counted = await lastValueOf(
    `messaging_client_sent_messages_total{service_name="${example.service}",service_instance_id="${instance}",error_type=""}`,
    endedAt,
  )
  expect(counted).toBe(ours.length)
  expect(await published()).toBe(ours.length)
  expect(new Set(ours.map(({ context }) => context)).size).toBe(ours.length)
})

async function published(): Promise<number> {
  return (await example.printed()).match(/^order \d+ published$/gm)?.length ?? 0
}
