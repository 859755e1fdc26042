import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { instrumentProducer } from '../../src/index.ts'
import { deepFreeze } from '../support/deep-freeze.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

interface Record_ {
  topic: string
  messages: { value: string; headers?: Record<string, string | Buffer> }[]
}

/** Sends nowhere; what kafkajs does with a send is shown in test/truth and on the stack. */
const fakeProducer = (answer: () => Promise<unknown> = async () => []) => {
  const sent: Record_[] = []
  return {
    sent,
    connect: async () => undefined,
    send: async (record: Record_) => {
      sent.push(record)
      return (await answer()) as { partition: number; baseOffset: string }[]
    },
    sendBatch: async (batch: { topicMessages: Record_[]; acks?: number }) => {
      sent.push(...batch.topicMessages)
      return (await answer()) as { partition: number; baseOffset: string }[]
    },
    isIdempotent: () => true,
  }
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('a send', () => {
  test('is one span with what the conventions ask, and one record per series, whatever its size', async () => {
    const producer = instrumentProducer(
      fakeProducer(async () => [
        { partition: 2, baseOffset: '40' },
        { partition: 0, baseOffset: '7' },
      ]),
    )
    const messages = Array.from({ length: 1000 }, (_, index) => ({ value: `${index}` }))
    await producer.send({ topic: 'golden', messages })
    const [span, ...others] = telemetry.spans()
    expect(others).toEqual([])
    expect(span).toMatchObject({
      name: 'send golden',
      kind: SpanKind.PRODUCER,
      links: [],
      status: { code: 0 },
    })
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'golden',
      'messaging.batch.message_count': 1000,
      'msk_iam.send.offsets': ['2:40', '0:7'],
    })
    const series = {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'golden',
    }
    const [sent] = await telemetry.points('messaging.client.sent.messages', {
      'messaging.destination.name': 'golden',
    })
    expect(sent).toMatchObject({ attributes: series, value: 1000 })
    const [duration] = await telemetry.points('messaging.client.operation.duration', {
      'messaging.destination.name': 'golden',
    })
    expect(duration).toMatchObject({ attributes: series, value: { count: 1 } })
  })

  test('of one message names its partition and offset, and is no batch', async () => {
    const producer = instrumentProducer(fakeProducer(async () => [{ partition: 2, baseOffset: '40' }]))
    await producer.send({ topic: 'single', messages: [{ value: 'a' }] })
    expect(telemetry.spans()[0]?.attributes).toMatchObject({
      'messaging.destination.partition.id': '2',
      'kafka.offset': 40,
    })
    expect(telemetry.spans()[0]?.attributes).not.toHaveProperty('messaging.batch.message_count')
  })

  test("puts its context into the messages and leaves the caller's alone", async () => {
    const fake = fakeProducer()
    const record = deepFreeze({
      topic: 'orders',
      messages: [{ value: 'a' }, { value: 'b', headers: { tenant: 'x' } }],
    })
    await instrumentProducer(fake).send(record)
    const { traceId, spanId } = telemetry.spans()[0]?.spanContext() ?? {}
    const expected = `00-${traceId}-${spanId}-01`
    expect(fake.sent[0]?.messages).toEqual([
      { value: 'a', headers: { traceparent: expected } },
      { value: 'b', headers: { traceparent: expected, tenant: 'x' } },
    ])
  })

  test('of messages that carry a context keeps it, links to it, and is a CLIENT span', async () => {
    const fake = fakeProducer()
    const messages = [
      { value: 'a', headers: { traceparent: Buffer.from(traceparent) } },
      { value: 'b', headers: { traceparent } },
    ]
    await instrumentProducer(fake).send({ topic: 'orders', messages })
    expect(fake.sent[0]?.messages).toEqual(messages)
    const [span] = telemetry.spans()
    expect(span?.kind).toBe(SpanKind.CLIENT)
    expect(span?.links.map((link) => link.context.spanId)).toEqual(['b7ad6b7169203331'])
  })

  test('has at most 128 links', async () => {
    const messages = Array.from({ length: 300 }, (_, index) => ({
      value: 'a',
      headers: {
        traceparent: `00-0af7651916cd43dd8448eb211c80319c-${(index + 1).toString(16).padStart(16, '0')}-01`,
      },
    }))
    await instrumentProducer(fakeProducer()).send({ topic: 'orders', messages })
    expect(telemetry.spans()[0]?.links).toHaveLength(128)
  })

  test('is a child of the active span, and what it triggers is its child', async () => {
    const tracer = trace.getTracer('test')
    const fake = fakeProducer(async () => {
      tracer.startSpan('inner').end()
      return []
    })
    await tracer.startActiveSpan('request', async (request) => {
      await instrumentProducer(fake).send({ topic: 'orders', messages: [{ value: 'a' }] })
      request.end()
    })
    const [inner, send, request] = telemetry.spans()
    expect([inner?.name, send?.name, request?.name]).toEqual(['inner', 'send orders', 'request'])
    expect(inner?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
    expect(send?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId)
  })
})

test('a topic with the digits of an account in it has its name in that of the span', async () => {
  await instrumentProducer(fakeProducer()).send({ topic: 'a-b-123456789012', messages: [{ value: 'tea' }] })
  expect(telemetry.spans().map(({ name }) => name)).toEqual(['send a-b-123456789012'])
})

describe('a send that fails', () => {
  const refused = () => {
    const cause = Object.assign(new Error('Not authorized to access topics: [Topic authorization failed]'), {
      name: 'KafkaJSProtocolError',
      type: 'TOPIC_AUTHORIZATION_FAILED',
      code: 29,
      retriable: false,
    })
    return Object.assign(new Error(cause.message), {
      name: 'KafkaJSNonRetriableError',
      retriable: false,
      cause,
    })
  }

  test('rejects with the very error, with code and hint beside it; span and metric have the same error.type', async () => {
    const error = refused()
    const producer = instrumentProducer(fakeProducer(() => Promise.reject(error)))
    await expect(producer.send({ topic: 'denied', messages: [{ value: 'a' }, { value: 'b' }] })).rejects.toBe(
      error,
    )
    expect(error).toMatchObject({
      failure: {
        code: 'TOPIC_AUTHORIZATION_FAILED',
        hint: expect.stringContaining('kafka-cluster:WriteData'),
      },
    })
    expect(telemetry.spans()[0]).toMatchObject({
      attributes: { 'error.type': 'TOPIC_AUTHORIZATION_FAILED' },
      status: { code: 2, message: 'This identity may not do that with the topic' },
    })
    const attributes = { 'messaging.destination.name': 'denied', 'error.type': 'TOPIC_AUTHORIZATION_FAILED' }
    expect(await telemetry.value('messaging.client.sent.messages', attributes)).toBe(2)
  })

  test('with a frozen error rejects with it all the same', async () => {
    const error = Object.freeze(refused())
    const producer = instrumentProducer(fakeProducer(() => Promise.reject(error)))
    await expect(producer.send({ topic: 'denied', messages: [{ value: 'a' }] })).rejects.toBe(error)
  })
})

describe('sendBatch', () => {
  test('is one span for all topics, and counts the messages of each', async () => {
    const fake = fakeProducer()
    const batch = deepFreeze({
      acks: -1,
      topicMessages: [
        { topic: 'batch-a', messages: [{ value: '1' }, { value: '2' }] },
        { topic: 'batch-b', messages: [{ value: '3' }] },
      ],
    })
    await instrumentProducer(fake).sendBatch(batch)
    const [span, ...others] = telemetry.spans()
    expect(others).toEqual([])
    expect(span?.name).toBe('send')
    expect(span?.attributes).not.toHaveProperty('messaging.destination.name')
    expect(span?.attributes['messaging.batch.message_count']).toBe(3)
    expect(
      await telemetry.value('messaging.client.sent.messages', { 'messaging.destination.name': 'batch-a' }),
    ).toBe(2)
    expect(
      await telemetry.value('messaging.client.sent.messages', { 'messaging.destination.name': 'batch-b' }),
    ).toBe(1)
    expect(
      fake.sent.flatMap(({ messages }) => messages.map(({ headers }) => Object.keys(headers ?? {}))),
    ).toEqual(Array(3).fill(['traceparent']))
  })
})

describe('a client that is a class', () => {
  class ClassProducer {
    readonly #sent: Record_[] = []
    async connect() {}
    async send(record: Record_) {
      this.#sent.push(record)
      return [null]
    }
    get sent() {
      return this.#sent.length
    }
    flush() {
      return this.#sent.length
    }
  }

  test('keeps its methods, its private fields and its class, and an answer of its own kind breaks nothing', async () => {
    const given = new ClassProducer()
    const producer = instrumentProducer(given)
    expect(await producer.send({ topic: 'orders', messages: [{ value: 'a' }] })).toEqual([null])
    expect(producer.flush()).toBe(1)
    expect(producer.sent).toBe(1)
    expect(producer).toBeInstanceOf(ClassProducer)
  })
})

describe('a batch in which some messages carry a context', () => {
  test('creates the others, so it is a PRODUCER span with a link', async () => {
    const messages = [{ value: 'a', headers: { traceparent } }, { value: 'b' }]
    await instrumentProducer(fakeProducer()).send({ topic: 'orders', messages })
    expect(telemetry.spans()[0]).toMatchObject({
      kind: SpanKind.PRODUCER,
      links: [{ context: { spanId: 'b7ad6b7169203331' } }],
    })
  })

  test('gets ours in place of one that is not valid', async () => {
    const fake = fakeProducer()
    await instrumentProducer(fake).send({
      topic: 'orders',
      messages: [{ value: 'a', headers: { traceparent: 'nonsense' } }],
    })
    const { traceId } = telemetry.spans()[0]?.spanContext() ?? {}
    expect(fake.sent[0]?.messages[0]?.headers?.['traceparent']).toContain(traceId)
  })
})

test('what a client says of a message never reaches the span', async () => {
  const error = new TypeError(
    'The "string" argument must be of type string. Received type number (4111111111111111)',
  )
  await instrumentProducer(fakeProducer(() => Promise.reject(error)))
    .send({ topic: 'orders', messages: [{ value: 'a' }] })
    .catch(() => undefined)
  expect(await telemetry.dump()).not.toContain('4111111111111111')
})

test('a `failure` that somebody else put on an error stays theirs', async () => {
  const error = Object.assign(new Error('no'), { failure: { mine: true } })
  await instrumentProducer(fakeProducer(() => Promise.reject(error)))
    .send({ topic: 'orders', messages: [{ value: 'a' }] })
    .catch(() => undefined)
  expect(error.failure).toEqual({ mine: true })
})

describe('instrumentProducer', () => {
  test('gives back what it was given, with nothing lost, and does not wrap twice', () => {
    const fake = fakeProducer()
    const producer = instrumentProducer(fake)
    expect(Object.keys(producer).sort()).toEqual(Object.keys(fake).sort())
    expect(producer.isIdempotent()).toBe(true)
    expect(instrumentProducer(producer)).toBe(producer)
  })

  test("leaves arguments that are no record to kafkajs's own errors", async () => {
    const fake = fakeProducer()
    const producer = instrumentProducer({
      ...fake,
      send: async (record: unknown) => Promise.reject(new TypeError(String(record))),
    })
    await expect(producer.send(undefined)).rejects.toThrow('undefined')
    expect(telemetry.spans()).toEqual([])
  })
})

describe('a broken telemetry never breaks a send', () => {
  test.each(['propagator', 'context manager', 'tracer provider'])('%s that throws', async (what) => {
    const boom = () => {
      throw new Error('boom')
    }
    await telemetry.stop()
    if (what === 'propagator')
      propagation.setGlobalPropagator({ inject: boom, extract: boom, fields: () => [] })
    if (what === 'context manager') {
      context.setGlobalContextManager({
        active: boom,
        with: boom,
        bind: boom,
        enable: boom,
        disable: () => boom,
      } as never)
    }
    if (what === 'tracer provider')
      trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: boom, startActiveSpan: boom }) })
    const fake = fakeProducer()
    try {
      await instrumentProducer(fake).send({ topic: 'orders', messages: [{ value: 'a' }] })
      expect(fake.sent).toEqual([{ topic: 'orders', messages: [{ value: 'a' }] }])
    } finally {
      for (const api of [propagation, context, trace]) api.disable()
      telemetry = startTelemetry()
    }
  })

  test.each([false, true])(
    'and without any SDK a send is a send, perMessageSpans: %s',
    async (perMessageSpans) => {
      await telemetry.stop()
      const fake = fakeProducer()
      const messages = deepFreeze([{ value: 'a', headers: { tenant: 'x' } }, { value: 'b' }])
      try {
        const producer = instrumentProducer(fake, { perMessageSpans })
        await producer.send({ topic: 'orders', messages })
        await producer.sendBatch({ topicMessages: [{ topic: 'orders', messages }] })
        expect(fake.sent).toEqual(Array(2).fill({ topic: 'orders', messages }))
      } finally {
        telemetry = startTelemetry()
      }
    },
  )
})

test('a send that is rejected with nothing has failed', async () => {
  const producer = instrumentProducer(fakeProducer(() => Promise.reject(undefined)))
  const outcome = await producer
    .send({ topic: 'nothing', messages: [{ value: 'tea' }] })
    .catch((error) => [error])
  expect(outcome).toEqual([undefined])
  const attributes = { 'messaging.destination.name': 'nothing', 'error.type': '_OTHER' }
  expect(await telemetry.value('messaging.client.sent.messages', attributes)).toBe(1)
  expect(telemetry.spans()[0]?.attributes['error.type']).toBe('_OTHER')
})
