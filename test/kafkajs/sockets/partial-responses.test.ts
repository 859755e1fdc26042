import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, instrumentKafka } from '../../../src/index.ts'
import { startSandbox } from '../../../src/testing/index.ts'

/**
 * With kafkajs's own sockets the first of them is an uncaught exception, and after the others every later send fails.
 * vitest fails a run with an uncaught exception.
 */
test.each([
  ['reset', 2, false],
  ['reset', 20, false],
  ['reset', 2, true],
  ['close', 6, true],
] as const)(
  'a service goes on after a %s that cuts an answer at byte %i (TLS: %s)',
  async (connection, afterBytes, tls) => {
    await using sandbox = await startSandbox({ tls, topics: { orders: 1 } })
    const { region, credentials, brokers, ca } = sandbox
    const { sasl, ...settings } = createMskIamConnection({ region, credentials })
    const config = { brokers, sasl, ...settings, ssl: tls ? { ca } : false, logLevel: logLevel.NOTHING }
    const producer = instrumentKafka(new Kafka(config as never)).producer({ idempotent: true })
    onTestFinished(async () => {
      await producer.disconnect()
      sasl.close()
    })
    await producer.connect()
    const send = (value: string) => producer.send({ topic: 'orders', messages: [{ value }] })
    await send('before')
    const cut = sandbox.faults.add({ on: 'Produce', connection, afterBytes, times: 1 })
    await send('cut')
    expect(cut.struck).toBe(1)
    await send('after')
    expect(sandbox.messages('orders').map(({ value }) => String(value))).toEqual(['before', 'cut', 'after'])
  },
)
