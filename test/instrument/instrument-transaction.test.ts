import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { context, diag, propagation, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { Kafka, logLevel, type Producer, type ProducerConfig, type Transaction } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createMskIamSasl, instrumentProducer, type ProducerOptions } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { diagWarnings } from '../support/diag.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { renderSpans } from '../truth/render.ts'
import { renderSeries, seriesOf } from '../truth/series.ts'

let telemetry: Telemetry
let sandbox: Sandbox
beforeAll(async () => {
  telemetry = startTelemetry()
  sandbox = await startSandbox({ topics: { orders: 1, payments: 1, bills: 1 } })
})
afterEach(() => telemetry.clear())
afterAll(async () => {
  await sandbox.close()
  await telemetry.stop()
})

const seen = () => renderSpans(telemetry.spans(), (text) => text).join('\n')
const golden = (text: string) =>
  text
    .split('\n')
    .slice(1, -1)
    .map((line) => line.slice(4))
    .join('\n')

/** Headers of the message that came last. */
const published = () =>
  Object.fromEntries(
    (sandbox.messages('orders').at(-1)?.headers ?? []).map(([name, value]) => [name, String(value)]),
  )

/** Whether nothing holds it any more, within some turns of the event loop. */
async function collected(held: WeakRef<object>): Promise<boolean> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let turns = 0; turns < 50 && held.deref() !== undefined; turns += 1) {
    await turn()
    gc()
  }
  return held.deref() === undefined
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The real one, for the sandbox. */
function kafkajs(config: ProducerConfig = {}): Producer {
  const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })
  const { brokers } = sandbox
  const settings = { clientId: 'ledger', brokers, sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } }
  const producer = new Kafka(settings).producer(config)
  closing.push(sasl.close, () => producer.disconnect())
  return producer
}

/** Connected, so that only what comes after it is seen. */
async function instrumented(producer: Producer, options?: ProducerOptions): Promise<Producer> {
  const told = instrumentProducer(producer, options)
  await told.connect()
  await told.send({ topic: 'orders', messages: [{ value: 'first' }] })
  telemetry.clear()
  return told
}

/**
 * The sandbox serves no transactions: what a transaction sends goes out as the producer's own, and its begin and end are
 * made up.
 */
async function transactional(over: Partial<Transaction> = {}, options?: ProducerOptions): Promise<Producer> {
  const producer = kafkajs()
  let active = true
  const end = async () => {
    active = false
  }
  const { send, sendBatch } = producer
  const transaction: Transaction = {
    ...{ send, sendBatch, sendOffsets: async () => undefined, commit: end, abort: end },
    isActive: () => active,
    ...over,
  }
  return instrumented({ ...producer, transaction: async () => transaction }, options)
}

const tea = { topic: 'orders', messages: [{ value: 'tea' }] }
const positions = (...topics: string[]) => ({
  consumerGroupId: 'ledger-group',
  topics: topics.map((topic) => ({ topic, partitions: [{ partition: 0, offset: '5' }] })),
})
const refused = (type: string) =>
  Object.assign(new Error('The producer attempted to use a producer id'), {
    name: 'KafkaJSProtocolError',
    type,
    retriable: false,
  })

describe('a transaction', () => {
  test('that is committed is one span with everything sent through it under it', async () => {
    const producer = await transactional()
    const before = await seriesOf(telemetry)
    const topic = 'payments'
    const euros = { topic, messages: [{ value: '3 €' }] }
    await trace.getTracer('test').startActiveSpan('request', async (request) => {
      const transaction = await producer.transaction()
      await transaction.send(euros)
      await transaction.sendBatch({
        topicMessages: [euros, { topic: 'bills', messages: [{ value: 'paid' }] }],
      })
      await transaction.sendOffsets(positions('requests'))
      await transaction.sendOffsets(positions('requests', 'returns'))
      await transaction.commit()
      request.end()
    })
    const series = renderSeries(await seriesOf(telemetry), before, (text) => text)
    const messaging = series.filter((line) => line.startsWith('messaging.'))
    expect([seen(), 'metrics:', ...messaging].join('\n')).toBe(
      golden(`
    request INTERNAL {}
      msk_iam.transaction INTERNAL {messaging.client.id=ledger, msk_iam.transaction.outcome=commit}
        send payments PRODUCER {kafka send, kafka.offset=0, messaging.client.id=ledger, messaging.destination.name=payments, messaging.destination.partition.id=0, messaging.message.body.size=5, msk_iam.send.offsets=0:0}
        send PRODUCER {kafka send, messaging.batch.message_count=2, messaging.client.id=ledger, msk_iam.send.offsets=0:0,0:1}
        commit requests CLIENT {messaging.client.id=ledger, messaging.consumer.group.name=ledger-group, messaging.destination.name=requests, messaging.operation.name=commit, messaging.operation.type=settle, messaging.system.name=kafka}
        commit CLIENT {messaging.client.id=ledger, messaging.consumer.group.name=ledger-group, messaging.operation.name=commit, messaging.operation.type=settle, messaging.system.name=kafka}
    metrics:
    messaging.client.operation.duration: {messaging.consumer.group.name=ledger-group, messaging.destination.name=requests} 1 {messaging.consumer.group.name=ledger-group} 1 {messaging.destination.name=payments} 1 {} 1
    messaging.client.sent.messages: {messaging.destination.name=bills} 1 {messaging.destination.name=payments} 2
    `),
    )
  })

  test('that is aborted on purpose has no error', async () => {
    const producer = await transactional()
    const transaction = await producer.transaction()
    await transaction.send(tea)
    await transaction.abort()
    const [whole] = telemetry.spans('msk_iam.transaction')
    expect(whole?.attributes['msk_iam.transaction.outcome']).toBe('abort')
    expect(whole?.attributes['error.type']).toBeUndefined()
    expect(whole?.status.code).toBe(0)
  })

  test('that is aborted since a send in it failed has the error of that send', async () => {
    const producer = await transactional({ send: () => Promise.reject(new Error('no')) })
    const transaction = await producer.transaction()
    await expect(transaction.send(tea)).rejects.toThrow('no')
    await transaction.abort()
    expect(seen()).toBe(
      golden(`
    msk_iam.transaction INTERNAL ERROR "Something unknown went wrong: Error" {error.type=_OTHER, messaging.client.id=ledger, msk_iam.failure.hint, msk_iam.transaction.outcome=abort}
      send orders PRODUCER ERROR "Something unknown went wrong: Error" {kafka send, error.type=_OTHER, messaging.client.id=ledger, messaging.destination.name=orders, messaging.message.body.size=3, msk_iam.failure.hint}
    `),
    )
  })

  test('whose commit fails rejects with the very error, and is over: an abort after it is the client’s affair', async () => {
    const error = refused('PRODUCER_FENCED')
    const calls: string[] = []
    const producer = await transactional({
      commit: () => Promise.reject(error),
      abort: async () => void calls.push('abort'),
    })
    const transaction = await producer.transaction()
    await expect(transaction.commit()).rejects.toBe(error)
    const warned = diagWarnings()
    expect(error).toMatchObject({ failure: { code: 'PRODUCER_FENCED' } })
    await transaction.abort()
    expect(calls).toEqual(['abort'])
    // The SDK says there who writes to a span that has ended.
    expect(warned).not.toHaveBeenCalled()
    diag.disable()
    expect(telemetry.spans()).toMatchObject([
      {
        name: 'msk_iam.transaction',
        attributes: { 'msk_iam.transaction.outcome': 'abort', 'error.type': 'PRODUCER_FENCED' },
        status: { code: 2 },
      },
    ])
  })

  test('whose commit is not answered may be committed or not', async () => {
    const error = Object.assign(new Error('Request EndTxn timed out'), { name: 'KafkaJSRequestTimeoutError' })
    const producer = await transactional({ commit: () => Promise.reject(error) })
    await expect((await producer.transaction()).commit()).rejects.toBe(error)
    expect(telemetry.spans()[0]?.attributes).toMatchObject({
      'msk_iam.transaction.outcome': 'unknown',
      'error.type': 'request_timeout',
    })
  })

  test('whose offsets are refused tells it on the offsets, and is not aborted on purpose', async () => {
    const error = refused('GROUP_AUTHORIZATION_FAILED')
    const producer = await transactional({ sendOffsets: () => Promise.reject(error) })
    const transaction = await producer.transaction()
    await expect(transaction.sendOffsets(positions('returns'))).rejects.toBe(error)
    await transaction.abort()
    const [offsets, whole] = telemetry.spans()
    expect(offsets).toMatchObject({
      name: 'commit returns',
      attributes: { 'error.type': 'GROUP_AUTHORIZATION_FAILED' },
    })
    expect(whole?.attributes).toEqual({
      'error.type': 'GROUP_AUTHORIZATION_FAILED',
      'msk_iam.failure.hint': expect.any(String),
      'messaging.client.id': 'ledger',
      'msk_iam.transaction.outcome': 'abort',
    })
    const failed = {
      'messaging.destination.name': 'returns',
      'error.type': 'GROUP_AUTHORIZATION_FAILED',
    }
    expect(await telemetry.value('messaging.client.operation.duration', failed)).toMatchObject({ count: 1 })
  })

  test('that the broker does not let begin is told', async () => {
    const producer = await instrumented(kafkajs({ transactionalId: 'ledger-1' }))
    await expect(producer.transaction()).rejects.toMatchObject({
      name: 'KafkaJSGroupCoordinatorNotFound',
      failure: { code: '_OTHER' },
    })
    const [begin] = telemetry.spans('msk_iam.transaction')
    expect(begin).toMatchObject({ attributes: { 'error.type': '_OTHER' }, status: { code: 2 } })
    expect(begin?.attributes).not.toHaveProperty('msk_iam.transaction.outcome')
  })

  test('keeps its methods, and those that are told keep their answers', async () => {
    const producer = await transactional()
    const transaction: Transaction = await producer.transaction()
    expect(Object.keys(transaction).sort()).toEqual(
      ['abort', 'commit', 'isActive', 'send', 'sendBatch', 'sendOffsets'].sort(),
    )
    expect(transaction.isActive()).toBe(true)
    expect(await transaction.send(tea)).toMatchObject([{ topicName: 'orders', partition: 0, errorCode: 0 }])
    expect(await transaction.commit()).toBeUndefined()
    expect(transaction.isActive()).toBe(false)
  })

  test('gives each message a span of its own under it where that is asked for', async () => {
    const producer = await transactional({}, { perMessageSpans: true })
    const transaction = await producer.transaction()
    await transaction.send(tea)
    await transaction.commit()
    const [create, send, whole] = telemetry.spans()
    expect([create?.name, send?.name, whole?.name]).toEqual([
      'create orders',
      'send orders',
      'msk_iam.transaction',
    ])
    const parents = [create, send].map((span) => span?.parentSpanContext?.spanId)
    expect(parents).toEqual(Array(2).fill(whole?.spanContext().spanId))
  })

  test('sends the baggage that is active when it sends', async () => {
    propagation.disable()
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
    propagation.setGlobalPropagator(new CompositePropagator({ propagators }))
    const producer = await transactional()
    const transaction = await producer.transaction()
    const baggage = propagation.createBaggage({ tenant: { value: 'x' } })
    await context.with(propagation.setBaggage(context.active(), baggage), () => transaction.send(tea))
    await transaction.commit()
    expect(published()).toMatchObject({ baggage: 'tenant=x' })
  })

  test('that nobody ends is not told, and nothing holds it', async () => {
    const producer = await transactional()
    const forgotten = await (async () => {
      const transaction = await producer.transaction()
      await transaction.send(tea)
      return new WeakRef(transaction)
    })()
    expect(await collected(forgotten)).toBe(true)
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['send orders'])
  })

  test('works the same without an SDK', async () => {
    await telemetry.stop()
    try {
      const producer = await transactional()
      const transaction = await producer.transaction()
      expect(await transaction.send(tea)).toMatchObject([{ topicName: 'orders' }])
      await transaction.sendOffsets(positions('requests'))
      await transaction.commit()
      expect(transaction.isActive()).toBe(false)
      expect(published()).toEqual({})
    } finally {
      telemetry = startTelemetry()
    }
  })
})
