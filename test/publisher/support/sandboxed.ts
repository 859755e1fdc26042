import { logLevel } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { createMskIamSasl, KafkaPublisher, type KafkaPublisherOptions } from '../../../src/index.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/testing/index.ts'

/** A publisher for a sandbox, not connected. Its failures are meant: kafkajs does not log them. */
export function publisherFor(
  sandbox: Sandbox,
  options: Partial<KafkaPublisherOptions> = {},
): { publisher: KafkaPublisher; close(): Promise<void> } {
  const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })
  const { kafka, ...others } = options
  const publisher = new KafkaPublisher({
    brokers: sandbox.brokers,
    sasl,
    ssl: false,
    kafka: { logLevel: logLevel.NOTHING, ...kafka },
    ...others,
  })
  const close = async () => {
    await publisher.disconnect()
    sasl.close()
  }
  return { publisher, close }
}

/** A sandbox and a connected publisher for one test. */
export async function publishing(
  { brokers = 1, topics = { orders: 1 }, ...others }: SandboxOptions = {},
  options: Partial<KafkaPublisherOptions> = {},
): Promise<{ sandbox: Sandbox; publisher: KafkaPublisher }> {
  const sandbox = await startSandbox({ brokers, topics, ...others })
  const { publisher, close } = publisherFor(sandbox, options)
  onTestFinished(async () => {
    await close()
    await sandbox.close()
  })
  await publisher.connect()
  return { sandbox, publisher }
}

export const valuesIn = (sandbox: Sandbox, topic = 'orders'): string[] =>
  sandbox.messages(topic).map(({ value }) => String(value))
