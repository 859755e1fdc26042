import { systemRuntime } from './base/clocks-and-timers.ts'
import { buildMskIamSasl } from './sasl/sasl-block.ts'
import { checkedSaslOptions } from './sasl/sasl-options.ts'
import type { MskIamSasl, MskIamSaslOptions } from './sasl/types.ts'

/**
 * IAM authentication for Amazon MSK, as the `sasl` block of a Kafka client: signed tokens, cached and renewed ahead,
 * with every token and every authentication told to OpenTelemetry.
 *
 * @throws MskIamConfigurationError for an option that is missing, impossible or contradicts another
 *
 * @example
 * ```ts
 * const sasl = createMskIamSasl({ region: 'eu-west-1', name: 'orders' })
 * const kafka = new Kafka({ clientId: 'orders', brokers, ssl: true, sasl })
 * ```
 */
export function createMskIamSasl(options: MskIamSaslOptions): MskIamSasl {
  return buildMskIamSasl(checkedSaslOptions(options), systemRuntime)
}
