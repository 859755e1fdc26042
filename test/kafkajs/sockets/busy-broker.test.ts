import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection } from '../../../src/index.ts'
import type { RequestFault } from '../../../src/testing/protocol/broker.ts'
import { answeringBroker } from '../../support/answering-broker.ts'
import { jumpOfSessions } from '../../support/jump-of-sessions.ts'

/** A broker that takes longer for one message than it may take for an authentication, which becomes due meanwhile. */
async function interrupted(acks: number, fault: RequestFault = { kind: 'delay', ms: 900 }) {
  let slow = false
  const broker = await answeringBroker({
    authenticate: ({ number }) => (number === 1 ? { sessionLifetimeMs: 11_000 } : {}),
    onRequest({ apiName }) {
      if (!slow || apiName !== 'Produce') return undefined
      slow = false
      return fault
    },
  })
  onTestFinished(() => broker.close())
  const { sasl, ...connection } = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
    authenticationTimeout: 300,
  })
  const config = { brokers: [broker.address], sasl, ...connection, ssl: false, requestTimeout: 2_000 }
  const producer = new Kafka({
    ...config,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50 },
  }).producer()
  onTestFinished(async () => {
    await producer.disconnect()
    sasl.close()
  })
  await producer.connect()
  const send = (key: string, acksOfIt = -1) =>
    producer.send({ topic: 'orders', acks: acksOfIt, messages: [{ key, value: 'tea' }] })
  await send('first', acks)
  slow = true
  const busy = send('slow')
  await expect.poll(() => slow).toBe(false)
  jumpOfSessions(1)
  await Promise.all([busy, send('next')])
  return broker
}

// Closing it makes kafkajs send again what the broker has.
test.each([
  ['acknowledged', -1],
  ['not acknowledged', 0],
])(
  'a broker that is busy with a message keeps its connection though a re-authentication waits behind it (the one before was %s)',
  async (_, acks) => {
    const broker = await interrupted(acks)
    expect(broker.keys('orders')).toEqual(['first', 'slow', 'next'])
    expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 1])
  },
  20_000,
)

test('a broker that answers neither the message nor the re-authentication behind it loses its connection', async () => {
  const broker = await interrupted(-1, { kind: 'hang' })
  expect(broker.keys('orders').toSorted()).toEqual(['first', 'next', 'slow'])
  expect(broker.exchanges.map(({ connection }) => connection)).toEqual([1, 2])
}, 20_000)
