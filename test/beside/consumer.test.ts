import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { instrumentConsumer, instrumentKafka } from '../../src/index.ts'
import { ClassBatch, fakeConsumer, message } from '../instrument/support/fake-consumer.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { OtherInstrumentation } from './support/kafkajs-instrumentation.ts'

let telemetry: Telemetry
let other: OtherInstrumentation
beforeAll(() => {
  telemetry = startTelemetry()
  other = new OtherInstrumentation()
})
afterEach(() => telemetry.clear())
afterAll(async () => {
  other.disable()
  await telemetry.stop()
})

const spans = () =>
  telemetry.spans().map(({ name, instrumentationScope }) => `${instrumentationScope.name}: ${name}`)
const sums = async (metric: string, topic: string) => {
  const points = await telemetry.points(metric, { 'messaging.destination.name': topic })
  return points.map(({ value }) => (typeof value === 'number' ? value : (value as { count: number }).count))
}

describe("a consumer beside OpenTelemetry's instrumentation of kafkajs", () => {
  test('has one process span for each handled message, which is counted once', async () => {
    const fake = fakeConsumer()
    const consumer = instrumentKafka(other.kafkaOf({ consumer: fake.consumer })).consumer()
    const handled: string[] = []
    await consumer.run({
      eachMessage: async ({ message: { offset } }) => void handled.push(offset),
    })
    await fake.deliver('orders', message(1))
    await fake.deliver('orders', message(2))
    expect(handled).toEqual(['1', '2'])
    expect(spans()).toEqual(['kafka-iam-otel: process orders', 'kafka-iam-otel: process orders'])
    expect(await sums('messaging.client.consumed.messages', 'orders')).toEqual([2])
    expect(await sums('messaging.process.duration', 'orders')).toEqual([2])
  })

  test('has one process span for each handled batch, and counts its messages once', async () => {
    const fake = fakeConsumer()
    const consumer = instrumentKafka(other.kafkaOf({ consumer: fake.consumer })).consumer()
    await consumer.run({ eachBatch: async () => undefined })
    await fake.deliverBatch(new ClassBatch('batches', [message(1), message(2), message(3)]))
    expect(spans()).toEqual(['kafka-iam-otel: process batches'])
    expect(await sums('messaging.client.consumed.messages', 'batches')).toEqual([3])
    expect(await sums('messaging.process.duration', 'batches')).toEqual([1])
  })

  test('takes a configuration that is frozen', async () => {
    const fake = fakeConsumer()
    const consumer = instrumentKafka(other.kafkaOf({ consumer: fake.consumer })).consumer()
    const config = Object.freeze({ eachMessage: async () => undefined })
    await consumer.run(config)
    await fake.deliver('frozen', message(1))
    expect(spans()).toEqual(['kafka-iam-otel: process frozen'])
  })

  test('whose `run` somebody replaced before us: both have their spans, and messages are counted once', async () => {
    const fake = fakeConsumer()
    const consumer = other.kafkaOf({ consumer: fake.consumer }).consumer()
    const { run } = consumer
    let runs = 0
    consumer.run = async (config) => {
      runs += 1
      await run(config)
    }
    await instrumentConsumer(consumer).run({ eachMessage: async () => undefined })
    await fake.deliver('replaced', message(1))
    expect(runs).toBe(1)
    expect(spans()).toEqual([
      'kafka-iam-otel: process replaced',
      '@opentelemetry/instrumentation-kafkajs: process replaced',
    ])
    expect(await sums('messaging.client.consumed.messages', 'replaced')).toEqual([1])
    expect(await sums('messaging.process.duration', 'replaced')).toEqual([1])
  })
})
