import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, createMskIamSasl } from '../../src/index.ts'
import { answeringBroker, refusal } from '../support/answering-broker.ts'
import { startTelemetry } from '../support/telemetry.ts'

const options = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
  backgroundRefresh: false,
}

test('a token that is refused closes no connection of a client that authenticates beside in its own way', async () => {
  const telemetry = startTelemetry()
  onTestFinished(() => telemetry.stop())
  const broker = await answeringBroker({
    authenticate: ({ token }) => (token === 'its-own' ? {} : refusal('Access denied')),
    // So that the handshakes of all are answered at the same moment.
    onRequest: ({ apiName }) => (apiName === 'SaslHandshake' ? { kind: 'delay', ms: 20 } : undefined),
  })
  onTestFinished(() => broker.close())
  const { sasl: unused, ...connection } = createMskIamConnection(options)
  const sasl = createMskIamSasl({ ...options, name: 'refused' })
  onTestFinished(() => {
    unused.close()
    sasl.close()
  })
  const config = { brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { retries: 0 } }
  const oauthBearerProvider = async () => ({ value: 'its-own' })
  const own = { mechanism: 'oauthbearer' as const, oauthBearerProvider }
  const clients = Array.from({ length: 10 }, () => [
    new Kafka({ ...config, ...connection, ssl: false, sasl: own }).admin(),
    new Kafka({ ...config, sasl }).admin(),
  ]).flat()
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.disconnect()))))
  const connected = await Promise.allSettled(clients.map((client) => client.connect()))
  expect(connected.map(({ status }) => status)).toEqual(
    Array.from({ length: 10 }, () => ['fulfilled', 'rejected']).flat(),
  )
  // Those on sockets of kafkajs do not know it.
  const kinds = telemetry.spans('msk_iam.authenticate').map(({ attributes }) => attributes)
  expect(kinds.map((attributes) => attributes['msk_iam.authentication.kind'])).toEqual(
    Array.from({ length: 10 }, () => undefined),
  )
})
