import { type Attributes, context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { type Sampler, SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Message, ProducerBatch, ProducerRecord, RecordMetadata } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instrumentProducer } from '../../src/index.ts'

/** What a sampler is asked, span by span; it wants none of them. */
const asked: { name: string; kind: SpanKind; attributes: Attributes; links: number }[] = []
const sampler: Sampler = {
  shouldSample(_context, _traceId, name, kind, attributes, links) {
    asked.push({ name, kind, attributes: { ...attributes }, links: links.length })
    return { decision: SamplingDecision.NOT_RECORD }
  },
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(new TracerProvider({ sampler }))
})
beforeEach(() => void asked.splice(0))
afterAll(() => {
  for (const api of [context, propagation, trace]) api.disable()
})

const records: ProducerRecord[] = []
const client = {
  connect: async () => undefined,
  send: async (record: ProducerRecord): Promise<RecordMetadata[]> => {
    records.push(record)
    return []
  },
  sendBatch: async (_batch: ProducerBatch): Promise<RecordMetadata[]> => [],
}
const send = (...messages: Message[]) => instrumentProducer(client).send({ topic: 'orders', messages })

const SEND = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
}

test('of one message a sampler sees all that is known before the send', async () => {
  await send({ value: null, partition: 2 })
  expect(asked).toEqual([
    {
      name: 'send orders',
      kind: SpanKind.PRODUCER,
      attributes: {
        ...SEND,
        'messaging.destination.name': 'orders',
        'messaging.destination.partition.id': '2',
        'kafka.message.tombstone': true,
      },
      links: 0,
    },
  ])
})

test.each<[string, number[], object]>([
  ['one partition for all', [1, 1], { 'messaging.destination.partition.id': '1' }],
  ['a partition for each', [1, 2], {}],
])('of a batch whose sender has chosen %s it sees that', async (_, partitions, chosen) => {
  await send(...partitions.map((partition) => ({ value: 'tea', partition })))
  expect(asked[0]?.attributes).toEqual({
    ...SEND,
    'messaging.destination.name': 'orders',
    'messaging.batch.message_count': 2,
    ...chosen,
  })
})

test('with a span for each message it sees those first, and then the send with their links', async () => {
  const messages = [{ value: 'tea', partition: 0 }]
  const topicMessages = ['orders', 'bills'].map((topic) => ({ topic, messages }))
  await instrumentProducer(client, { perMessageSpans: true }).sendBatch({ topicMessages })
  expect(asked.map(({ name, kind, links }) => ({ name, kind, links }))).toEqual([
    { name: 'create orders', kind: SpanKind.PRODUCER, links: 0 },
    { name: 'create bills', kind: SpanKind.PRODUCER, links: 0 },
    { name: 'send', kind: SpanKind.CLIENT, links: 2 },
  ])
  expect(asked[1]?.attributes).toEqual({
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
    'messaging.destination.name': 'bills',
    'messaging.destination.partition.id': '0',
    'messaging.message.body.size': 3,
  })
})

test('a message of a trace that is not sampled says so to who reads it', async () => {
  await send({ value: 'tea' })
  expect(records.at(-1)?.messages[0]?.headers?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
})
