import { systemRuntime } from './base/clocks-and-timers.ts'
import { observedSocketFactory } from './kafkajs/sockets/observed-socket.ts'
import { mendedSockets } from './kafkajs/sockets/socket-factory.ts'
import { buildForSockets } from './sasl/sasl-block.ts'
import { checkedConnectionOptions } from './sasl/sasl-options.ts'
import type { MskIamConnection, MskIamConnectionOptions } from './sasl/types.ts'

/**
 * Everything that kafkajs needs to talk to MSK with IAM, with values that suit MSK: kafkajs gives a connection 1 s,
 * which is short for TLS across availability zones. Its socket factory tells first authentications from repeated
 * ones, keeps other requests out of them, and pieces of answers away from kafkajs.
 *
 * @throws MskIamConfigurationError for an option that is missing, impossible or contradicts another
 *
 * @example
 * ```ts
 * const { sasl, ...connection } = createMskIamConnection({ region: 'eu-west-1', name: 'orders' })
 * const kafka = new Kafka({ clientId: 'orders', brokers, sasl, ...connection })
 * ```
 */
export function createMskIamConnection<Ssl extends object = object>(
  options: MskIamConnectionOptions<Ssl>,
): MskIamConnection<Ssl> {
  const { ssl, authenticationTimeout, settings } = checkedConnectionOptions(options)
  const { sasl, onFailedHandshake } = buildForSockets(settings, systemRuntime)
  return {
    ssl: ssl as true | Ssl,
    sasl,
    socketFactory: mendedSockets(observedSocketFactory(), { authenticationTimeout, onFailedHandshake }),
    connectionTimeout: 10_000,
    authenticationTimeout,
    reauthenticationThreshold: 10_000,
  }
}
