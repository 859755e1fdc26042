import { Kafka, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clearFault, type FaultName, setFault } from '../../scripts/fault.ts'
import { createMskIamConnection, type Failure, instrumentKafka } from '../../src/index.ts'
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { jaeger } from './support/jaeger.ts'
import { broker, region, ssl } from './support/places.ts'
import { endOf, readBack } from './support/read-back.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { until } from './support/until.ts'
import { type Exchange, tapWire, type WireTap } from './support/wire-tap.ts'

interface Row {
  fault: FaultName
  /** Its `error.type`. */
  code: string
  /** A word of its cure. */
  cure: RegExp
  /** What the broker says; undefined where it says nothing. */
  answer: RegExp | undefined
  /** Whether it says so with a request id. */
  requestId: boolean
  /** Whether the token that was offered is to be given up. */
  refusesToken: boolean
  /** What the caller of send finds, where that is something else. */
  callerFinds?: { code: string; cure: RegExp }
}

const rows: Row[] = [
  {
    fault: 'deny',
    code: 'access_denied',
    cure: /kafka-cluster:Connect/,
    answer: /^\[.{36}\]: Access denied$/,
    requestId: true,
    refusesToken: true,
  },
  {
    fault: 'throttle',
    code: 'too_many_connects',
    cure: /fewer clients/,
    answer: /^\[.{36}\]: Too many connects$/,
    requestId: true,
    refusesToken: false,
  },
  {
    fault: 'invalid-signature',
    code: 'invalid_signature',
    cure: /`region`/,
    answer: /^\[.{36}\]: Invalid authentication payload$/,
    requestId: true,
    refusesToken: true,
  },
  {
    fault: 'session-too-short',
    code: 'session_too_short',
    cure: /Renew the credentials/,
    answer: /^\[.{36}\]: Session too short$/,
    requestId: true,
    refusesToken: true,
  },
  {
    fault: 'slow',
    code: 'authentication_timeout',
    cure: /overloaded/,
    answer: undefined,
    requestId: false,
    refusesToken: false,
  },
  {
    fault: 'principal-change',
    code: 'principal_changed',
    cure: /awsRoleSessionName/,
    answer: /^Cannot change principals during re-authentication/,
    requestId: false,
    refusesToken: false,
    // The refusal is cured at once by a new connection; but it is another principal's, who may not write.
    callerFinds: { code: 'TOPIC_AUTHORIZATION_FAILED', cure: /see the last authentication/ },
  },
]

// A fault of one principal comes before that of all: with it goes the fault, and the short sessions stay.
const principal = 'orders-service'
const switchOn = (fault: FaultName) => setFault(fault, { principal })
const switchOff = () => clearFault({ principal })

let run: Run
let wire: WireTap
let closeSasl: () => void
let producer: Producer
let from: Awaited<ReturnType<typeof endOf>>
const acknowledged: string[] = []
let published = 0

/** One process and one producer for all that follows: a fault must not need a restart. */
beforeAll(async () => {
  run = startRun('faults')
  from = await endOf('orders')
  const connection = createMskIamConnection({
    region,
    name: 'faults',
    credentials: credentialsOf(principal),
    ssl: ssl(),
  })
  wire = tapWire()
  closeSasl = connection.sasl.close
  const kafka = instrumentKafka(
    new Kafka({
      clientId: run.service,
      brokers: [broker],
      ...connection,
      // `slow` is slower.
      requestTimeout: 2_000,
      // So that what the caller gets is the fault itself, and not what a later try has met.
      retry: { retries: 0 },
    }),
  )
  producer = kafka.producer()
  // Sessions of 12 s are renewed after 2 s, so that every fault is met soon.
  setFault('short-session')
  await producer.connect()
  await publish()
})

afterEach(switchOff)

afterAll(async () => {
  clearFault()
  await producer?.disconnect()
  closeSasl?.()
  wire?.stop()
  await run?.stop()
})

describe.each(rows)('$fault', ({ fault, code, cure, answer, requestId, refusesToken, callerFinds }) => {
  let met: Error & { failure?: Failure }
  /** The exchanges that the fault struck. */
  let struck: readonly Exchange[]
  let after: readonly Exchange[]

  beforeAll(async () => {
    const before = wire.exchanges.length
    switchOn(fault)
    try {
      met = await until(`a send that meets ${fault}`, () => publish().then(() => undefined, errorOf))
      // Copies: a late answer would still be written into them.
      struck = wire.exchanges
        .slice(before)
        .flatMap((exchange) => (exchange.errorCode === 0 ? [] : [{ ...exchange }]))
    } finally {
      switchOff()
    }
    const during = wire.exchanges.length
    // Whoever was let in as another principal stays that until the session ends, after 45 s. Of the others a first try
    // may still meet what the fault has left on the socket: nothing is tried again here.
    await until('a send that succeeds again', publishes, { seconds: callerFinds ? 60 : 15 })
    await until('an authentication that succeeds again', async () => {
      await publish()
      after = wire.exchanges.slice(during)
      return after.some(({ errorCode }) => errorCode === 0)
    })
  }, 120_000)

  /** Its authenticate spans, as many as there were exchanges, and all spans of their traces. */
  const failedSpans = () =>
    until(`${struck.length} authenticate spans with ${code} in Jaeger`, async () => {
      const all = await jaeger(run.service, {
        operation: Span.Authenticate,
        tags: { [Attribute.ErrorType]: code },
      })
      const failed = all.filter(
        ({ name, attributes }) => name === Span.Authenticate && attributes[Attribute.ErrorType] === code,
      )
      return failed.length >= struck.length && { failed, all }
    })

  test('is met on the wire', () => {
    expect(struck.length).toBeGreaterThan(0)
    for (const exchange of struck) {
      if (answer) expect(exchange.message).toMatch(answer)
      else expect(exchange.message).toBeUndefined()
      expect(exchange.requestId !== undefined).toBe(requestId)
    }
  })

  test('the caller of send finds code and cure on the error it catches', () => {
    expect(met.failure).toStrictEqual({
      code: callerFinds?.code ?? code,
      hint: expect.stringMatching(callerFinds?.cure ?? cure),
      ...(requestId ? { requestId: struck.at(-1)?.requestId } : {}),
    })
  })

  test(`each authentication span is an ERROR with error.type ${code}, the cure${requestId ? " and the broker's request id" : ''}`, async () => {
    const { failed } = await failedSpans()
    expect(failed).toHaveLength(struck.length)
    for (const span of failed) {
      expect(span).toMatchObject({
        kind: 'client',
        status: 'ERROR',
        statusDescription: expect.stringMatching(/./),
        attributes: {
          [Attribute.FailureHint]: expect.stringMatching(cure),
          [Attribute.ServerAddress]: 'localhost',
          [Attribute.ServerPort]: 9098,
        },
      })
    }
    const told = failed.map(({ attributes }) => attributes[Attribute.BrokerRequestId])
    expect(told.sort()).toEqual(struck.map((exchange) => exchange.requestId).sort())
  })

  test('the first of them is the re-authentication under the `send orders` that met it', async () => {
    const { first, parent } = await until('the span above it in Jaeger', async () => {
      const { failed, all } = await failedSpans()
      const [first] = failed.sort((a, b) => a.start - b.start)
      const parent = all.find(
        ({ spanId, traceId }) => spanId === first?.parentId && traceId === first?.traceId,
      )
      return parent && { first, parent }
    })
    expect(first?.attributes[Attribute.AuthenticationKind]).toBe('reauthentication')
    expect(parent).toMatchObject({
      name: 'send orders',
      kind: 'producer',
      status: 'ERROR',
      attributes: { [Attribute.ErrorType]: met.failure?.code, [Attribute.FailureHint]: met.failure?.hint },
    })
  })

  test('after it was cleared, the same producer publishes again', async () => {
    await publish()
  })

  test(refusesToken ? 'the refused token is not offered again' : 'the token is offered again', () => {
    const offered = struck.map(({ token }) => token)
    if (refusesToken) expect(new Set(offered).size).toBe(offered.length)
    expect(after.some(({ token }) => offered.includes(token))).toBe(!refusesToken)
  })
})

test('a topic that is denied says so with its cure, and the same producer goes on', async () => {
  const error = await producer.send({ topic: 'denied-topic', messages: [{ value: 'x' }] }).then(
    () => undefined,
    (met: Error & { failure?: Failure }) => met,
  )
  expect(error?.failure).toStrictEqual({
    code: 'TOPIC_AUTHORIZATION_FAILED',
    hint: expect.stringContaining('kafka-cluster:WriteData'),
  })
  await publish()
  const spans = await until('the failed send in Jaeger', async () => {
    const found = await jaeger(run.service, { operation: 'send denied-topic' })
    return found.length > 0 && found.filter(({ name }) => name === 'send denied-topic')
  })
  expect(spans).toHaveLength(1)
  expect(spans[0]).toMatchObject({
    kind: 'producer',
    status: 'ERROR',
    attributes: {
      [Attribute.ErrorType]: 'TOPIC_AUTHORIZATION_FAILED',
      [Attribute.FailureHint]: error?.failure?.hint,
    },
  })
})

test('a token that the broker refused is not offered again', async () => {
  const refused = new Set<string>()
  const offeredAgain: Exchange[] = []
  for (const exchange of wire.exchanges) {
    if (refused.has(exchange.token)) offeredAgain.push(exchange)
    if (/Access denied|Invalid authentication payload|Session too short/.test(exchange.message ?? ''))
      refused.add(exchange.token)
  }
  // Every one of these faults has met at least one.
  expect(refused.size).toBeGreaterThanOrEqual(rows.filter(({ refusesToken }) => refusesToken).length)
  expect(offeredAgain).toEqual([])
  const spans = await jaeger(run.service, {
    operation: Span.TokenRefresh,
    tags: { [Attribute.RefreshTrigger]: 'rejected' },
  })
  expect(spans.filter(({ name }) => name === Span.TokenRefresh).length).toBeGreaterThanOrEqual(refused.size)
})

test('through all of it, the broker holds every acknowledged message once, and no other', async () => {
  const keys = (await readBack('orders', from)).map(({ key }) => key)
  expect(keys.filter((key) => key.startsWith(`${run.id}-`)).sort()).toEqual([...acknowledged].sort())
})

async function publish(): Promise<void> {
  published += 1
  const key = `${run.id}-${published}`
  await producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
  acknowledged.push(key)
}

const publishes = (): Promise<boolean> =>
  publish().then(
    () => true,
    () => false,
  )

const errorOf = (error: unknown) => error as Error & { failure?: Failure }
