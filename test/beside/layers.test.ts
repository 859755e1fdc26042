import { diag } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { instrumentKafka, instrumentProducer } from '../../src/index.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { OtherInstrumentation } from './support/kafkajs-instrumentation.ts'

const OURS = 'kafka-iam-otel'
const THEIRS = '@opentelemetry/instrumentation-kafkajs'
const HIDDEN_LINE =
  'kafka-iam-otel: @opentelemetry/instrumentation-kafkajs is active too, and cannot be left out of a client whose ' +
  'methods were replaced before it was instrumented: its spans are recorded beside those of kafka-iam-otel, and ' +
  'messages are counted by it alone. Replace methods after instrumenting the client, or set ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs.'

let telemetry: Telemetry
let other: OtherInstrumentation
const warnings: string[] = []
beforeAll(() => {
  telemetry = startTelemetry()
  const quiet = () => undefined
  const warn = (line: string) => void warnings.push(line)
  diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet })
  other = new OtherInstrumentation()
})
afterEach(() => telemetry.clear())
afterAll(async () => {
  other.disable()
  diag.disable()
  await telemetry.stop()
})

interface Sent {
  topic: string
  messages: { value: string }[]
}

const sender = () => ({
  send: async (_record: Sent) => [{ partition: 0, baseOffset: '0' }],
  sendBatch: async (_batch: { topicMessages: Sent[] }) => [{ partition: 0, baseOffset: '0' }],
})

const fakeProducer = () => ({
  ...sender(),
  connect: async () => undefined,
  transaction: async () => ({ ...sender(), commit: async () => undefined, abort: async () => undefined }),
})

const spans = () => telemetry.spans().map(({ name, instrumentationScope: { name: by } }) => [by, name])
const counts = async (topic: string) =>
  (await telemetry.points('messaging.client.sent.messages', { 'messaging.destination.name': topic })).map(
    ({ value }) => value,
  )
const record = (topic: string) => ({ topic, messages: [{ value: 'a' }, { value: 'b' }] })

/** A decorator of a user's, made as OpenTelemetry makes its own. */
function shimmed<T extends { send: (given: Sent) => Promise<unknown> }>(producer: T, seen: string[]): T {
  const original = producer.send
  const send = (given: Sent) => {
    seen.push(given.topic)
    return original.call(producer, given)
  }
  producer.send = Object.assign(send, { __wrapped: true, __original: original, __unwrap: () => undefined })
  return producer
}

describe("a producer beside OpenTelemetry's instrumentation of kafkajs", () => {
  test('a transaction is one span with one span for each send', async () => {
    const producer = instrumentKafka(other.kafkaOf({ producer: fakeProducer() }))
    const transaction = await producer.producer().transaction()
    await transaction.send(record('in-transaction'))
    await transaction.sendBatch({ topicMessages: [record('in-transaction')] })
    await transaction.commit()
    expect(spans()).toEqual([
      [OURS, 'send in-transaction'],
      [OURS, 'send in-transaction'],
      [OURS, 'msk_iam.transaction'],
    ])
    expect(await counts('in-transaction')).toEqual([4])
  })

  test('theirs that was registered twice is left out twice', async () => {
    const second = new OtherInstrumentation()
    const producer = second
      .kafkaOf({ producer: other.kafkaOf({ producer: fakeProducer() }).producer() })
      .producer()
    await instrumentProducer(producer).send(record('twice'))
    expect(spans()).toEqual([[OURS, 'send twice']])
    expect(await counts('twice')).toEqual([2])
    second.disable()
  })

  test("a user's method under theirs is called", async () => {
    const seen: string[] = []
    const own = fakeProducer()
    const { send } = own
    own.send = (given) => {
      seen.push(given.topic)
      return send(given)
    }
    await instrumentKafka(other.kafkaOf({ producer: own }))
      .producer()
      .send(record('under'))
    expect(seen).toEqual(['under'])
    expect(spans()).toEqual([[OURS, 'send under']])
    expect(await counts('under')).toEqual([2])
  })

  test("a user's method that is marked as theirs are, without theirs, has our span", async () => {
    const seen: string[] = []
    await instrumentProducer(shimmed(fakeProducer(), seen)).send(record('marked'))
    expect(seen).toEqual(['marked'])
    expect(spans()).toEqual([[OURS, 'send marked']])
    expect(await counts('marked')).toEqual([2])
  })

  test.each(['plain', 'marked as theirs are'])(
    "a user's method over theirs, %s: it is called, our span is there, and messages are counted once",
    async (how) => {
      const topic = `over-${how.replaceAll(' ', '-')}`
      const seen: string[] = []
      const producer = other.kafkaOf({ producer: fakeProducer() }).producer()
      const { send } = producer
      if (how === 'plain') {
        producer.send = (given) => {
          seen.push(given.topic)
          return send(given)
        }
      } else shimmed(producer, seen)
      const instrumented = instrumentProducer(producer)
      await instrumented.send(record(topic))
      expect(seen).toEqual([topic])
      expect(spans()).toEqual([
        [THEIRS, `send ${topic}`],
        [THEIRS, `send ${topic}`],
        [OURS, `send ${topic}`],
      ])
      const [theirs, , ours] = telemetry.spans()
      expect(theirs?.parentSpanContext?.spanId).toBe(ours?.spanContext().spanId)
      expect(await counts(topic)).toEqual([2])
      telemetry.clear()
      await instrumented.sendBatch({ topicMessages: [record(`${topic}-batch`)] })
      expect(spans()).toEqual([[OURS, `send ${topic}-batch`]])
      expect(await counts(`${topic}-batch`)).toEqual([2])
      expect(warnings.filter((line) => line === HIDDEN_LINE)).toHaveLength(1)
    },
  )

  test('a transaction that a user replaced before us: messages are counted once', async () => {
    const producer = other.kafkaOf({ producer: fakeProducer() }).producer()
    const { transaction } = producer
    producer.transaction = () => transaction()
    const begun = await instrumentProducer(producer).transaction()
    await begun.send(record('replaced-transaction'))
    await begun.commit()
    expect(spans().filter(([by]) => by === OURS)).toEqual([
      [OURS, 'send replaced-transaction'],
      [OURS, 'msk_iam.transaction'],
    ])
    expect(await counts('replaced-transaction')).toEqual([2])
  })
})
