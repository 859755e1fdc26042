/**
 * A first handshake that fails is one line of ours in kafkajs's log, though kafkajs has not called the provider yet, to
 * which it gives its logger.
 */
import { Kafka, type LogEntry, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, instrumentKafka, KafkaPublisher } from '../../src/index.ts'
import { answeringBroker } from '../support/answering-broker.ts'

type Config = ConstructorParameters<typeof Kafka>[0]

/** Two tries to connect, each of which fails at the handshake. */
const clients: Record<string, (config: Config) => Promise<void>> = {
  'an instrumented producer': (config) => twice(instrumentKafka(new Kafka(config)).producer()),
  'an instrumented consumer': (config) =>
    twice(instrumentKafka(new Kafka(config)).consumer({ groupId: 'orders' })),
  'an instrumented admin': (config) => twice(instrumentKafka(new Kafka(config)).admin()),
  KafkaPublisher({ logCreator, logLevel, retry, brokers, ...options }) {
    const kafka = { logCreator, logLevel, retry }
    return twice(new KafkaPublisher({ ...options, brokers: brokers as string[], kafka }))
  },
}

async function twice(client: { connect(): Promise<void>; disconnect(): Promise<void> }): Promise<void> {
  await expect(client.connect()).rejects.toThrow()
  await expect(client.connect()).rejects.toThrow()
  await client.disconnect()
}

async function linesOf(connect: (config: Config) => Promise<void>): Promise<LogEntry[]> {
  const broker = await answeringBroker({
    onRequest: ({ apiName }) => (apiName === 'SaslHandshake' ? { kind: 'error', errorCode: 34 } : undefined),
  })
  const connection = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
  })
  onTestFinished(async () => {
    connection.sasl.close()
    await broker.close()
  })
  const lines: LogEntry[] = []
  await connect({
    brokers: [broker.address],
    ...connection,
    ssl: false,
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => void lines.push(entry),
    retry: { retries: 0 },
  })
  expect(lines.length).toBeGreaterThan(0)
  return lines.filter(({ log }) => 'code' in log)
}

test.each(Object.entries(clients))('%s', async (_, connect) => {
  const [line, ...more] = await linesOf(connect)
  expect(more).toEqual([])
  expect(line).toMatchObject({
    namespace: 'SaslAuthenticator-OAUTHBEARER',
    level: logLevel.ERROR,
    log: {
      message: expect.stringMatching(
        /^The broker did not expect a SASL exchange now\. .* \[listener_without_sasl\]$/,
      ),
      code: 'listener_without_sasl',
      broker: expect.stringMatching(/^localhost:\d+$/),
    },
  })
})

test('a producer that is not instrumented has only the line of kafkajs', async () => {
  expect(await linesOf((config) => twice(new Kafka(config).producer()))).toEqual([])
})

test('a client whose `logger` throws fails to connect with the same error', async () => {
  const lines = await linesOf(async (config) => {
    const admin = new Kafka(config).admin()
    const logger = () => {
      throw new Error('no logger')
    }
    const kafka = instrumentKafka(Object.assign(new Kafka(config), { admin: () => ({ ...admin, logger }) }))
    await expect(kafka.admin().connect()).rejects.toMatchObject({ type: 'ILLEGAL_SASL_STATE' })
    await admin.disconnect()
  })
  expect(lines).toEqual([])
})
