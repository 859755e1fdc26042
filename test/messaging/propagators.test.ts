import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import type { IHeaders, Message, ProducerRecord, RecordMetadata } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { instrumentProducer, type ProducerOptions } from '../../src/index.ts'
import { deepFreeze } from '../support/deep-freeze.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
beforeEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

function configure(propagator: TextMapPropagator): void {
  propagation.disable()
  propagation.setGlobalPropagator(propagator)
}

/** What a client would get to send. */
async function sent(messages: Message[], options: ProducerOptions = {}): Promise<Message[]> {
  const records: ProducerRecord[] = []
  const client = {
    connect: async () => undefined,
    send: async (record: ProducerRecord): Promise<RecordMetadata[]> => {
      records.push(record)
      return []
    },
  }
  await instrumentProducer(client, options).send(deepFreeze({ topic: 'orders', messages }))
  return records.flatMap((record) => record.messages)
}

const headersOf = async (headers?: IHeaders, options?: ProducerOptions): Promise<IHeaders> => {
  const [message] = await sent([headers ? { value: 'tea', headers } : { value: 'tea' }], options)
  return message?.headers ?? {}
}

const lastSend = () => telemetry.spans().at(-1)

/** One with values that are no words: bytes of ids as Latin-1 text, as old binary formats have them. */
class BytesPropagator implements TextMapPropagator {
  readonly #header = 'trace-bin'

  inject(
    within: Context,
    carrier: unknown,
    setter: { set(carrier: unknown, key: string, value: string): void },
  ) {
    const { traceId, spanId } = trace.getSpanContext(within) as SpanContext
    setter.set(carrier, this.#header, Buffer.from(traceId + spanId, 'hex').toString('latin1'))
  }

  extract(
    within: Context,
    carrier: unknown,
    getter: { get(carrier: unknown, key: string): unknown },
  ): Context {
    const text = getter.get(carrier, this.#header)
    if (typeof text !== 'string') return within
    const ids = Buffer.from(text, 'latin1').toString('hex')
    const [traceId, spanId] = [ids.slice(0, 32), ids.slice(32)]
    return trace.setSpanContext(within, { traceId, spanId, traceFlags: 1, isRemote: true })
  }

  fields = () => [this.#header]
}

const propagators: [string, TextMapPropagator, string[]][] = [
  ['W3C trace context', new W3CTraceContextPropagator(), ['traceparent']],
  ['B3 in one header', new B3Propagator(), ['b3']],
  [
    'B3 in several headers',
    new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    ['x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid'],
  ],
  ['one of bytes', new BytesPropagator(), ['trace-bin']],
]

describe.each(propagators)('with %s', (_, propagator, names) => {
  beforeEach(() => configure(propagator))

  test('a message carries the context of its send, and of its create span where it has one', async () => {
    const headers = await headersOf({ tenant: 'x' })
    expect(Object.keys(headers).sort()).toEqual([...names, 'tenant'].sort())
    const { spanContext } = extracted(headers)
    expect(spanContext?.spanId).toBe(lastSend()?.spanContext().spanId)

    const created = extracted(await headersOf({ tenant: 'x' }, { perMessageSpans: true }))
    expect(created.spanContext?.spanId).toBe(telemetry.spans('create orders')[0]?.spanContext().spanId)
  })

  test.each<[string, (headers: IHeaders) => IHeaders]>([
    ['text', (headers) => headers],
    ['bytes', (headers) => mapped(headers, (value) => Buffer.from(String(value)))],
    ['a list', (headers) => mapped(headers, (value) => [Buffer.from(String(value))])],
  ])('one that comes with a context, as %s, goes on with it, and its send links to it', async (_, form) => {
    const carried = form(await headersOf())
    const origin = lastSend()?.spanContext()
    telemetry.clear()
    expect(await headersOf(carried)).toBe(carried)
    const send = lastSend()
    expect(send?.kind).toBe(SpanKind.CLIENT)
    expect(send?.links).toMatchObject([{ context: { traceId: origin?.traceId, spanId: origin?.spanId } }])
  })
})

const mapped = (headers: IHeaders, change: (value: IHeaders[string]) => IHeaders[string]): IHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, change(value)]))

function extracted(headers: IHeaders) {
  const within = propagation.extract(ROOT_CONTEXT, headers)
  return { spanContext: trace.getSpanContext(within), baggage: propagation.getBaggage(within) }
}

describe('with baggage beside the trace context', () => {
  beforeEach(() =>
    configure(
      new CompositePropagator({
        propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
      }),
    ),
  )

  const withTenant = <T>(work: () => Promise<T>) =>
    context.with(
      propagation.setBaggage(
        ROOT_CONTEXT,
        propagation.createBaggage({ tenant: { value: 'ours' }, region: { value: 'eu' } }),
      ),
      work,
    )
  const entries = (headers: IHeaders) =>
    Object.fromEntries(
      (extracted(headers).baggage?.getAllEntries() ?? []).map(([key, { value }]) => [key, value]),
    )

  test.each([false, true])(
    'what is active goes with the message, perMessageSpans: %s',
    async (perMessageSpans) => {
      const headers = await withTenant(() => headersOf(undefined, { perMessageSpans }))
      expect(Object.keys(headers).sort()).toEqual(['baggage', 'traceparent'])
      expect(entries(headers)).toEqual({ tenant: 'ours', region: 'eu' })
    },
  )

  test.each<[string, IHeaders]>([
    ['text', { baggage: 'tenant=theirs,plan=gold' }],
    ['bytes', { baggage: Buffer.from('tenant=theirs,plan=gold') }],
    ['a list', { baggage: ['tenant=theirs', Buffer.from('plan=gold')] }],
    ['another case', { Baggage: 'tenant=theirs,plan=gold' }],
  ])('what a message brings itself, as %s, stays and wins', async (_, own) => {
    const headers = await withTenant(() => headersOf(own))
    expect(entries(headers)).toEqual({ tenant: 'theirs', plan: 'gold', region: 'eu' })
    expect(extracted(headers).spanContext?.spanId).toBe(lastSend()?.spanContext().spanId)
  })

  test('a message that brings a context keeps its baggage, or that it has none', async () => {
    const carried = deepFreeze({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })
    expect(await withTenant(() => headersOf(carried))).toBe(carried)
  })
})

describe('headers of the caller', () => {
  beforeEach(() => configure(new W3CTraceContextPropagator()))

  test('stay what they are in every form that kafkajs takes', async () => {
    const bytes = Buffer.from([0, 255, 128])
    const own: IHeaders = { text: 'x', bytes, list: ['a', bytes], none: undefined, traceparent: undefined }
    const { traceparent, ...others } = await headersOf(own)
    expect(others).toEqual({ text: 'x', bytes, list: ['a', bytes], none: undefined })
    expect(others['bytes']).toBe(bytes)
    expect(others['list']).toBe(own['list'])
    expect(traceparent).toContain(lastSend()?.spanContext().spanId)
  })

  test('a message that is an object of a class keeps what its class gives it', async () => {
    class Order implements Message {
      readonly #item = 'tea'
      get value() {
        return this.#item
      }
    }
    const [message] = await sent([new Order()])
    expect(message?.value).toBe('tea')
    expect(message?.headers).toHaveProperty('traceparent')
  })
})

/** Writes more than its own fields. */
class GreedyPropagator extends W3CTraceContextPropagator {
  override inject(...args: Parameters<W3CTraceContextPropagator['inject']>): void {
    super.inject(...args)
    const [, carrier, setter] = args
    setter.set(carrier, 'content-type', 'text/trace')
    setter.set(carrier, 'extra', 'more')
  }
}

test('a header of the caller stays, unless it is a field of the propagator and not valid', async () => {
  configure(new GreedyPropagator())
  const headers = { 'content-type': 'application/json', traceparent: 'not valid', own: 'text' }
  expect(await headersOf(headers)).toEqual({
    'content-type': 'application/json',
    own: 'text',
    extra: 'more',
    traceparent: expect.stringMatching(/^00-/),
  })
})

/** Writes so much into each message that a broker would refuse it. */
class LongPropagator extends W3CTraceContextPropagator {
  override inject(...args: Parameters<W3CTraceContextPropagator['inject']>): void {
    super.inject(...args)
    const [, carrier, setter] = args
    for (let index = 0; index < 1_000; index += 1) setter.set(carrier, `entry-${index}`, 'x'.repeat(2_000))
  }
}

test('a propagator that writes megabytes does not make a message too large', async () => {
  configure(new LongPropagator())
  const headers = await headersOf()
  expect(headers).toHaveProperty('traceparent')
  expect(JSON.stringify(headers).length).toBeLessThan(20_000)
})

/** Looks its values up, and hands the promises on. */
class AsyncPropagator extends W3CTraceContextPropagator {
  override inject(...args: Parameters<W3CTraceContextPropagator['inject']>): void {
    super.inject(...args)
    const [, carrier, setter] = args
    setter.set(carrier, 'tenant', Promise.reject(new Error('no tenant')) as never)
  }
}

test('a propagator that writes a promise which rejects does not end the process', async () => {
  configure(new AsyncPropagator())
  const unhandled: unknown[] = []
  const listener = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  expect(await headersOf()).toEqual({ traceparent: expect.stringMatching(/^00-/) })
  await new Promise(setImmediate)
  expect(unhandled).toEqual([])
})
