import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { observedSocketFactory, type SocketFactoryArgs } from './authentication/observed-socket.ts'
import { createMskIamSasl, type MskIamSasl } from './msk-iam-sasl.ts'
import type { MskIamSaslOptions } from './options.ts'

/** What to spread into `new Kafka({ … })`. */
export interface MskIamConnection {
  readonly ssl: true | ConnectionOptions
  readonly sasl: MskIamSasl
  readonly socketFactory: (args: SocketFactoryArgs) => Socket
  readonly connectionTimeout: number
  readonly authenticationTimeout: number
  readonly reauthenticationThreshold: number
}

export type MskIamConnectionOptions = MskIamSaslOptions & {
  /** TLS settings, for a private CA for example. Default true. */
  readonly ssl?: true | ConnectionOptions | undefined
}

/**
 * Everything that kafkajs needs to talk to MSK with IAM, with values that suit MSK: kafkajs gives a connection 1 s,
 * which is short for TLS across availability zones. Its socket factory tells first authentications from repeated ones.
 */
export function createMskIamConnection({
  ssl = true,
  ...options
}: MskIamConnectionOptions): MskIamConnection {
  return {
    ssl,
    sasl: createMskIamSasl(options as MskIamSaslOptions),
    socketFactory: observedSocketFactory(),
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
  }
}
