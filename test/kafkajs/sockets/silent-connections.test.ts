import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, instrumentKafka, KafkaPublisher } from '../../../src/index.ts'
import { startSandbox } from '../../../src/testing/index.ts'

const REQUEST_TIMEOUT = 300

/** A cluster, and a client whose sends are tried once. */
async function cluster() {
  const sandbox = await startSandbox({ topics: { orders: 1 } })
  const { region, credentials, brokers } = sandbox
  const { sasl, ...connection } = createMskIamConnection({ region, credentials })
  onTestFinished(async () => {
    sasl.close()
    await sandbox.close()
  })
  const config: KafkaConfig = {
    brokers,
    sasl,
    ...connection,
    ssl: false,
    requestTimeout: REQUEST_TIMEOUT,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  }
  return { sandbox, config }
}

async function producerOf(kafka: Kafka) {
  const producer = kafka.producer()
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  const send = (key: string) => producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
  await send('first')
  return send
}

const connectionsOf = (sandbox: Awaited<ReturnType<typeof cluster>>['sandbox']) =>
  sandbox.authentications.map(({ connection }) => connection)

describe('After a request that timed out', () => {
  test('the next send of an instrumented producer has another connection, where nothing had come on this one', async () => {
    const { sandbox, config } = await cluster()
    const send = await producerOf(instrumentKafka(new Kafka(config)))
    // Whatever else is written to this connection is not answered either.
    sandbox.faults.add({ on: 'Produce', connection: 'hang', times: 1 })
    await expect(send('unanswered')).rejects.toMatchObject({ failure: { code: 'request_timeout' } })
    await send('next')
    expect(sandbox.messages('orders').map(({ key }) => String(key))).toEqual(['first', 'next'])
    expect(connectionsOf(sandbox)).toEqual([1, 2])
  })

  test('a connection that still answers is left alone', async () => {
    const { sandbox, config } = await cluster()
    const send = await producerOf(instrumentKafka(new Kafka(config)))
    // They are answered one after the other: one in time, the other one not.
    sandbox.faults.add({ on: 'Produce', delayMs: 200, times: 2 })
    const late = await Promise.allSettled([send('late'), send('late')])
    expect(late.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await send('next')
    expect(sandbox.messages('orders').map(({ key }) => String(key))).toEqual([
      'first',
      'late',
      'late',
      'next',
    ])
    expect(connectionsOf(sandbox)).toEqual([1])
  })

  test('only the connection that is silent is closed, and not that of another producer', async () => {
    const { sandbox, config } = await cluster()
    const kafka = instrumentKafka(new Kafka(config))
    const sends = [await producerOf(kafka), await producerOf(kafka)] as const
    sandbox.faults.add({ on: 'Produce', connection: 'hang', times: 1 })
    await expect(sends[0]('unanswered')).rejects.toMatchObject({ failure: { code: 'request_timeout' } })
    await Promise.all(sends.map((send) => send('next')))
    expect(connectionsOf(sandbox)).toEqual([1, 2, 3])
  })

  test('that of a client that still waits for the answer to the same request stays open, and its message is stored once', async () => {
    const { sandbox, config } = await cluster()
    const hasty = await producerOf(instrumentKafka(new Kafka(config)))
    const patient = await producerOf(
      instrumentKafka(new Kafka({ ...config, requestTimeout: 30_000, retry: { retries: 3 } })),
    )
    sandbox.faults.add({ on: 'Produce', delayMs: 2 * REQUEST_TIMEOUT, times: 2 })
    // Both connections give these the same number at the same time.
    const [late] = await Promise.allSettled([hasty('hasty'), patient('patient')])
    expect(late.status).toBe('rejected')
    expect(sandbox.messages('orders').filter(({ key }) => String(key) === 'patient')).toHaveLength(1)
  })

  test('a publisher publishes on another connection', async () => {
    const { sandbox, config } = await cluster()
    const { brokers, sasl, ssl, socketFactory } = config as never
    const publisher = new KafkaPublisher({
      brokers,
      sasl,
      ssl,
      socketFactory,
      requestTimeoutMs: REQUEST_TIMEOUT,
    })
    onTestFinished(() => publisher.disconnect())
    await publisher.connect()
    sandbox.faults.add({ on: 'Produce', connection: 'hang', times: 1 })
    const publish = () => publisher.publish([{ topic: 'orders', key: 'a', value: 'tea' }])
    expect(await publish()).toMatchObject([{ ok: false, errorKind: 'retriable' }])
    expect(await publish()).toMatchObject([{ ok: true }])
    expect(sandbox.messages('orders')).toHaveLength(1)
  })

  test('a producer that is not instrumented stays on the connection, as kafkajs does', async () => {
    const { sandbox, config } = await cluster()
    const send = await producerOf(new Kafka(config))
    sandbox.faults.add({ on: 'Produce', connection: 'hang', times: 1 })
    await expect(send('unanswered')).rejects.toThrow('timed out')
    await expect(send('next')).rejects.toThrow('timed out')
    expect(connectionsOf(sandbox)).toEqual([1])
  })
})
