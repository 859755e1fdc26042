/** A user's service, for the tests of the sandbox. */
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { createMskIamConnection, instrumentKafka, type MskIamConnectionOptions } from '../../src/index.ts'
import type { Sandbox } from '../../src/testing/index.ts'

/** A service's client, as the README has it, pointed at the sandbox; closed when the test ends. */
export function service(
  sandbox: Sandbox,
  options: Partial<MskIamConnectionOptions> = {},
  config: Partial<KafkaConfig> = {},
) {
  const { sasl, ...connection } = createMskIamConnection({
    region: sandbox.region,
    ...('awsRoleArn' in options ? {} : { credentials: sandbox.credentials }),
    ...options,
  } as MskIamConnectionOptions)
  onTestFinished(() => sasl.close())
  const base = {
    clientId: 'orders',
    brokers: sandbox.brokers,
    sasl,
    ...connection,
    logLevel: logLevel.NOTHING,
  }
  const ssl = sandbox.ca === undefined ? false : { ca: sandbox.ca }
  return { sasl, kafka: instrumentKafka(new Kafka({ ...base, ssl, ...config })) }
}

export const tea = { topic: 'orders', messages: [{ key: 'order-1', value: 'tea' }] }
