import confluent from '@confluentinc/kafka-javascript'
import type { MskIamSasl } from '../../../src/index.ts'
import type { Sandbox } from '../../../src/testing/index.ts'

/** The kafkajs-style API. `said` gets what the client logs as errors; its other lines go nowhere. */
export function kafkaOf(sandbox: Sandbox, sasl: MskIamSasl, said: string[] = []) {
  const quiet = () => undefined
  const logger = {
    info: quiet,
    debug: quiet,
    warn: quiet,
    error: (message: string) => void said.push(message),
    namespace: () => logger,
    setLogLevel: quiet,
  }
  return new confluent.KafkaJS.Kafka({
    kafkaJS: { clientId: 'orders', brokers: sandbox.brokers, sasl, ssl: false, logger },
  })
}
