/** What the metric of sent messages counts, and what it does not. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { publishing, valuesIn } from '../publisher/support/sandboxed.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

/** Topic and error → messages, since `before`. */
async function sentSince(before: Map<string, number>): Promise<Record<string, number>> {
  const now = [...(await sent())].map(
    ([series, count]) => [series, count - (before.get(series) ?? 0)] as const,
  )
  return Object.fromEntries(now.filter(([, count]) => count > 0))
}
async function sent(): Promise<Map<string, number>> {
  const points = await telemetry.points('messaging.client.sent.messages')
  return new Map(
    points.map(({ attributes, value }) => [
      `${attributes['messaging.destination.name']} ${attributes['error.type'] ?? 'ok'}`,
      Number(value),
    ]),
  )
}

test('a message that is refused in the process is not counted, and its topic is no label', async () => {
  const { publisher } = await publishing({}, { maxInFlightMessages: 3 })
  const before = await sent()
  await publisher.publish([{ topic: 'bad topic name!', value: 'x' }])
  await publisher.publish([
    { topic: 'bad topic name!', value: 'x' },
    { topic: 'orders', value: {} as never },
    { topic: 'orders', value: 'tea' },
  ])
  expect(await sentSince(before)).toEqual({ 'orders ok': 1 })
  const duration = await telemetry.points('messaging.client.operation.duration')
  expect(JSON.stringify(duration)).not.toContain('bad topic')
  expect(telemetry.spans('send').map(({ attributes }) => attributes['error.type'])).toEqual([
    'message_invalid',
  ])
  expect(telemetry.spans('send orders').map(({ attributes }) => attributes['error.type'])).toEqual([
    'message_invalid',
  ])
})

test('messages that are too many at once, or that the partitioner sends nowhere, are not counted', async () => {
  const partitioner = (() => () => undefined) as never
  const { publisher } = await publishing({}, { maxInFlightMessages: 2, partitioner })
  const before = await sent()
  const tea = { topic: 'orders', value: 'tea' }
  await publisher.publish([tea, tea, tea])
  await publisher.publish([tea, { ...tea, partition: 0 }])
  expect(await sentSince(before)).toEqual({ 'orders ok': 1 })
})

test('what waits behind a message that failed is counted when it is sent', async () => {
  const { sandbox, publisher } = await publishing({}, { deliveryTimeoutMs: 500 })
  sandbox.faults.add({ on: 'Produce', errorCode: 19 })
  const before = await sent()
  const messages = Array.from({ length: 501 }, (_, index) => ({ topic: 'orders', value: String(index) }))
  const results = await publisher.publish(messages)
  expect(results.at(-1)).toMatchObject({ error: { code: 'earlier_message_failed' } })
  expect(Object.values(await sentSince(before))).toEqual([500])
  expect(valuesIn(sandbox)).toEqual([])
})
