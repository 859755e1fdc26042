import { context, metrics, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { type Consumer, Kafka } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { instrumentConsumer, instrumentKafka, instrumentProducer } from '../../src/index.ts'
import { ClassBatch, fakeConsumer, message } from '../instrument/support/fake-consumer.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
const usePropagator = () => {
  propagation.disable()
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
}
beforeAll(() => {
  telemetry = startTelemetry()
  usePropagator()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const carried = {
  traceparent: Buffer.from(`00-${traceId}-${spanId}-01`),
  baggage: Buffer.from('tenant=acme'),
}

/** A group `billing` of the client `billing-service`, at work. */
async function running(
  config: Parameters<Consumer['run']>[0],
  options?: Parameters<typeof instrumentConsumer>[1],
) {
  const fake = fakeConsumer()
  const consumer = instrumentConsumer(fake.consumer, options)
  await consumer.run(config)
  fake.emit('REQUEST', { clientId: 'billing-service' })
  fake.emit('GROUP_JOIN', { groupId: 'billing', memberAssignment: {} })
  return { ...fake, instrumented: consumer }
}

const series = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'process',
  'messaging.operation.type': 'process',
  'messaging.consumer.group.name': 'billing',
}

describe('eachMessage', () => {
  test("is a span in the producer's trace, with a link to what sent the message", async () => {
    const { deliver } = await running({ eachMessage: async () => undefined })
    await deliver('golden', message(41, carried), 3)
    const [span, ...others] = telemetry.spans()
    expect(others).toEqual([])
    expect(span).toMatchObject({ name: 'process golden', kind: SpanKind.CONSUMER, status: { code: 0 } })
    expect(span?.spanContext().traceId).toBe(traceId)
    expect(span?.parentSpanContext).toMatchObject({ spanId, isRemote: true })
    expect(span?.links.map((link) => link.context.spanId)).toEqual([spanId])
    expect(span?.attributes).toEqual({
      ...series,
      'messaging.destination.name': 'golden',
      'messaging.destination.partition.id': '3',
      'messaging.client.id': 'billing-service',
      'messaging.message.body.size': 3,
      'kafka.offset': 41,
    })
  })

  test('is one record in each of two metrics', async () => {
    const { deliver } = await running({ eachMessage: async () => undefined })
    await deliver('measured', message(1))
    await deliver('measured', message(2), 1)
    const attributes = { ...series, 'messaging.destination.name': 'measured' }
    const mine = { 'messaging.destination.name': 'measured' }
    expect(await telemetry.points('messaging.client.consumed.messages', mine)).toMatchObject([
      { attributes, value: 2 },
    ])
    const [duration, ...more] = await telemetry.points('messaging.process.duration', mine)
    expect(more).toEqual([])
    expect(duration).toMatchObject({ attributes, value: { count: 2 } })
    expect(Object.keys(duration?.attributes ?? {}).sort()).toEqual(Object.keys(attributes).sort())
  })

  test("runs the handler inside the span, with the message's baggage", async () => {
    let inside: string | undefined
    const { deliver } = await running({
      eachMessage: async () => {
        inside = propagation.getActiveBaggage()?.getEntry('tenant')?.value
        trace.getTracer('test').startSpan('inner').end()
      },
    })
    await deliver('orders', message(1, carried))
    const [inner, process] = telemetry.spans()
    expect(inside).toBe('acme')
    expect(inner?.parentSpanContext?.spanId).toBe(process?.spanContext().spanId)
  })

  test('with `trace: link` is a trace of its own with a link, and has the baggage all the same', async () => {
    let inside: string | undefined
    const { deliver } = await running(
      {
        eachMessage: async () => {
          inside = propagation.getActiveBaggage()?.getEntry('tenant')?.value
        },
      },
      { trace: 'link' },
    )
    await deliver('orders', message(1, carried))
    const [span] = telemetry.spans()
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.spanContext().traceId).not.toBe(traceId)
    expect(span?.links).toMatchObject([{ context: { traceId, spanId } }])
    expect(inside).toBe('acme')
  })

  test('of a message without a context is a trace of its own', async () => {
    const { deliver } = await running({ eachMessage: async () => undefined })
    await trace.getTracer('test').startActiveSpan('poll', async (poll) => {
      await deliver('orders', message(1))
      poll.end()
    })
    const span = telemetry.spans('process orders')[0]
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.links).toEqual([])
  })

  test('names a tombstone, which has no size', async () => {
    const { deliver } = await running({ eachMessage: async () => undefined })
    await deliver('orders', { ...message(1), value: null })
    expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'kafka.message.tombstone': true })
    expect(telemetry.spans()[0]?.attributes).not.toHaveProperty('messaging.message.body.size')
  })

  test('continues by whatever propagator is configured', async () => {
    propagation.disable()
    propagation.setGlobalPropagator({
      fields: () => ['x-trace'],
      inject: () => undefined,
      extract: (within, carrier, getter) =>
        trace.setSpanContext(within, {
          traceId,
          spanId: String(getter.get(carrier, 'x-trace')),
          traceFlags: 1,
        }),
    })
    try {
      const { deliver } = await running({ eachMessage: async () => undefined })
      await deliver('orders', message(1, { 'X-Trace': Buffer.from(spanId) }))
      expect(telemetry.spans()[0]?.parentSpanContext?.spanId).toBe(spanId)
    } finally {
      usePropagator()
    }
  })

  test('hands over the message that kafkajs made, and gives back what the handler gives', async () => {
    const seen: unknown[] = []
    const { deliver } = await running({
      eachMessage: async ({ message: given }) => void seen.push(given),
    })
    const given = Object.freeze(message(1, Object.freeze({ ...carried })))
    await deliver('orders', given)
    expect(seen).toEqual([given])
    expect(seen[0]).toBe(given)
  })
})

describe('eachBatch', () => {
  const batchOf = (topic: string, count: number, context: (index: number) => string) =>
    new ClassBatch(
      topic,
      Array.from({ length: count }, (_, index) =>
        message(index, { traceparent: `00-${traceId}-${context(index)}-01` }),
      ),
    )

  test.each([1, 100, 10_000])('of %i messages is one root span and one record per series', async (size) => {
    const topic = `batch-${size}`
    const seen: unknown[] = []
    const { deliverBatch } = await running({ eachBatch: async ({ batch }) => void seen.push(batch) })
    const batch = batchOf(topic, size, () => spanId)
    await trace.getTracer('test').startActiveSpan('poll', async (poll) => {
      await deliverBatch(batch)
      poll.end()
    })
    const [span, ...others] = telemetry.spans(`process ${topic}`)
    expect(others).toEqual([])
    expect(span).toMatchObject({ kind: SpanKind.CONSUMER, links: [{ context: { traceId, spanId } }] })
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.attributes).toEqual({
      ...series,
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '2',
      'messaging.batch.message_count': size,
      'messaging.client.id': 'billing-service',
    })
    const mine = { 'messaging.destination.name': topic }
    expect(await telemetry.value('messaging.client.consumed.messages', mine)).toBe(size)
    expect(await telemetry.value('messaging.process.duration', mine)).toMatchObject({ count: 1 })
    expect(seen[0]).toBe(batch)
  })

  test('has at most 128 links, and asks no message past them for its context', async () => {
    const { deliverBatch } = await running({ eachBatch: async () => undefined })
    const batch = batchOf('links', 300, (index) => (index + 1).toString(16).padStart(16, '0'))
    const last = batch.messages.at(-1)
    Object.defineProperty(last, 'headers', {
      get: () => {
        throw new Error('asked')
      },
    })
    await deliverBatch(batch)
    expect(telemetry.spans()[0]?.links).toHaveLength(128)
  })

  test('runs the handler inside the span', async () => {
    const { deliverBatch } = await running({
      eachBatch: async () => trace.getTracer('test').startSpan('inner').end(),
    })
    await deliverBatch(batchOf('orders', 2, () => spanId))
    const [inner, process] = telemetry.spans()
    expect(inner?.parentSpanContext?.spanId).toBe(process?.spanContext().spanId)
  })
})

describe('a handler that fails', () => {
  class OrderRejected extends Error {}

  const failingWith = async (error: unknown) => {
    const { deliver } = await running({ eachMessage: () => Promise.reject(error) })
    const met = await deliver('failing', message(1, carried)).then(
      () => 'no error',
      (caught: unknown) => caught,
    )
    expect(met).toBe(error)
    return telemetry.spans()[0]
  }

  test('rejects with the very error; span and metric have the name of its class, and nothing of its text', async () => {
    const error = Object.freeze(new OrderRejected('card 4111111111111111'))
    const span = await failingWith(error)
    expect(span).toMatchObject({
      attributes: { 'error.type': 'OrderRejected' },
      status: { code: 2, message: 'The handler failed' },
    })
    const attributes = { 'messaging.destination.name': 'failing', 'error.type': 'OrderRejected' }
    expect(await telemetry.value('messaging.process.duration', attributes)).toMatchObject({ count: 1 })
    expect(await telemetry.dump()).not.toContain('4111111111111111')
  })

  test.each([
    ['that throws at once', new RangeError('no'), 'RangeError'],
    [
      'with an error that names itself',
      Object.assign(new Error('no'), { name: 'ValidationError' }),
      'ValidationError',
    ],
    ['with a name that is a text', Object.assign(new Error('no'), { name: 'Order 17 failed' }), '_OTHER'],
    ['with what is no error', 'order 17', '_OTHER'],
    [
      // The broker's would be `connection_refused`.
      'with a connection of its own',
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
      'Error',
    ],
    [
      "with an error of Kafka's",
      Object.assign(new Error('no'), { name: 'KafkaJSProtocolError', type: 'REBALANCE_IN_PROGRESS' }),
      'REBALANCE_IN_PROGRESS',
    ],
  ])('%s', async (_case, error, code) => {
    expect((await failingWith(error))?.attributes['error.type']).toBe(code)
  })

  test('because a send in it was refused has the code of the refusal', async () => {
    const cause = Object.assign(new Error('Not authorized to access topics'), {
      name: 'KafkaJSProtocolError',
      type: 'TOPIC_AUTHORIZATION_FAILED',
    })
    const producer = instrumentProducer({
      connect: async () => undefined,
      send: (_record: object) => Promise.reject(cause),
    })
    const { deliver } = await running({
      eachMessage: async () => void (await producer.send({ topic: 'denied', messages: [{ value: 'a' }] })),
    })
    await expect(deliver('orders', message(1))).rejects.toBe(cause)
    expect(telemetry.spans('process orders')[0]?.attributes['error.type']).toBe('TOPIC_AUTHORIZATION_FAILED')
  })

  test('synchronously rejects like any other', async () => {
    const error = new OrderRejected('no')
    const { deliver } = await running({
      eachMessage: () => {
        throw error
      },
    })
    await expect(deliver('orders', message(1))).rejects.toBe(error)
  })
})

describe('instrumentConsumer', () => {
  test('gives back what it was given, with nothing lost, and does not wrap twice', async () => {
    const consumer: Consumer = new Kafka({ brokers: ['localhost:1'] }).consumer({ groupId: 'billing' })
    const result: Consumer = instrumentConsumer(consumer)
    expect(Object.keys(result).sort()).toEqual(Object.keys(consumer).sort())
    expect(result.paused()).toEqual([])
    expect(instrumentConsumer(result)).toBe(result)
  })

  test('is what instrumentKafka does to consumers, with its options', async () => {
    const fake = fakeConsumer()
    const kafka = instrumentKafka(
      {
        producer: () => ({ connect: async () => undefined, send: async () => [] }),
        consumer: (_config: { groupId: string }) => fake.consumer,
        admin: () => ({}),
      },
      { consumer: { trace: 'link' } },
    )
    const consumer = kafka.consumer({ groupId: 'billing' })
    await consumer.connect()
    await consumer.run({ eachMessage: async () => undefined })
    await fake.deliver('orders', message(1, carried))
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['msk_iam.connect', 'process orders'])
    expect(telemetry.spans()[1]?.parentSpanContext).toBeUndefined()
  })

  test("leaves the caller's configuration as it is, and hands on what else is in it", async () => {
    const given: unknown[] = []
    const fake = fakeConsumer()
    const run = async (config?: object) => void given.push(config)
    const config = Object.freeze({ autoCommit: false, eachMessage: async () => undefined })
    await instrumentConsumer({ ...fake.consumer, run }).run(config)
    expect(given).toEqual([{ autoCommit: false, eachMessage: expect.any(Function) }])
    await instrumentConsumer({ ...fake.consumer, run }).run()
    expect(given[1]).toBeUndefined()
  })

  test('runs the consumer in no span, so that what it does later hangs under none', async () => {
    let active: unknown = 'not run'
    const consumer = instrumentConsumer({
      ...fakeConsumer().consumer,
      run: async () => {
        active = trace.getActiveSpan()
      },
    })
    await trace.getTracer('test').startActiveSpan('start-up', () => consumer.run())
    expect(active).toBeUndefined()
  })

  test.each([
    [{ trace: 'parent' }, "It takes 'continue' or 'link'."],
    [{ behindByPartition: 1 }, 'It takes true or false.'],
  ])('refuses %j', (options, says) => {
    expect(() => instrumentConsumer(fakeConsumer().consumer, options as never)).toThrow(says)
  })
})

describe('a broken telemetry never breaks a handler', () => {
  const boom = () => {
    throw new Error('boom')
  }
  const breakages = {
    propagator: () => propagation.setGlobalPropagator({ inject: boom, extract: boom, fields: () => [] }),
    'context manager': () =>
      context.setGlobalContextManager({
        active: boom,
        with: boom,
        bind: boom,
        enable: boom,
        disable: () => boom,
      } as never),
    'tracer provider': () =>
      trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: boom, startActiveSpan: boom }) }),
    'meter provider': () => metrics.setGlobalMeterProvider({ getMeter: boom }),
    nothing: () => undefined,
  }

  test.each(Object.entries(breakages))('%s', async (_what, breakIt) => {
    await telemetry.stop()
    breakIt()
    const handled: string[] = []
    const failure = new Error('no')
    try {
      const { deliver, deliverBatch } = await running({
        eachMessage: async ({ message: { offset } }) => {
          if (offset === '2') throw failure
          handled.push(offset)
        },
        eachBatch: async ({ batch }) => void handled.push(batch.topic),
      })
      await deliver('orders', message(1, carried))
      await deliverBatch(new ClassBatch('orders', [message(1, carried)]))
      await expect(deliver('orders', message(2, carried))).rejects.toBe(failure)
      expect(handled).toEqual(['1', 'orders'])
    } finally {
      for (const api of [propagation, context, trace, metrics]) api.disable()
      telemetry = startTelemetry()
    }
    expect(context.active()).toBe(ROOT_CONTEXT)
  })
})
