import { MskIamConfigurationError } from '../failures/errors.ts'
import { removeOther } from '../instrument/other-instrumentation.ts'
import { passOnTimeouts } from '../instrument/timed-out-requests.ts'
import { observedConnect } from '../messaging/connect.ts'
import type { BrokersOption } from '../options/brokers.ts'
import { clientLog } from './client-log.ts'
import {
  COMPRESSION_CODES,
  type KafkaJs,
  type KafkaJsAdmin,
  type KafkaJsClient,
  type KafkaJsProducer,
} from './kafkajs-api.ts'
import { ClosableSockets } from './sockets/closable-sockets.ts'
import { withIpv6 } from './sockets/ipv6-brokers.ts'
import { observedSocketFactory } from './sockets/observed-socket.ts'
import { mendedSockets, type SocketFactory } from './sockets/socket-factory.ts'

export interface ClientSettings {
  /** For kafkajs's `Kafka`. */
  readonly client: object
  readonly requestTimeoutMs: number
}

export function createClient(
  { Kafka }: KafkaJs,
  options: ClientSettings,
  sockets = new ClosableSockets(),
): KafkaJsClient {
  const {
    brokers,
    socketFactory = observedSocketFactory(),
    logCreator,
    authenticationTimeout,
  } = options.client as {
    brokers: BrokersOption
    socketFactory?: SocketFactory
    logCreator?: unknown
    authenticationTimeout?: number
  }
  const reachable = withIpv6(brokers, socketFactory)
  return new Kafka({
    // kafkajs tries connecting and metadata again inside a send; the publisher's own tries are around that.
    retry: { retries: 3 },
    ...options.client,
    brokers: reachable.brokers,
    requestTimeout: options.requestTimeoutMs,
    socketFactory: sockets.of(mendedSockets(reachable.socketFactory, { authenticationTimeout })),
    // What kafkajs says of connections that the publisher has closed is no news.
    logCreator: clientLog(logCreator, () => sockets.closed),
  })
}

/** The publisher records what it sends itself, and nobody may see how it finds the partitions of a topic. */
export const createProducer = (client: KafkaJsClient, config: object): KafkaJsProducer =>
  removeOther(client.producer(config), ['send', 'transaction'])

/** @throws MskIamConfigurationError where the compression has no codec */
export function requireCodec(
  { CompressionCodecs }: KafkaJs,
  { compression }: { readonly compression: keyof typeof COMPRESSION_CODES },
): void {
  if (compression === 'none') return
  try {
    CompressionCodecs[COMPRESSION_CODES[compression]]?.()
  } catch (original) {
    throw new MskIamConfigurationError('invalid_option', {
      detail: `\`compression\` is '${compression}', for which kafkajs has no codec`,
      hint: "Register one in kafkajs's CompressionCodecs, or use 'gzip' or 'none'.",
      original,
    })
  }
}

/** The client, connected, with a span. @throws what connecting failed with; then nothing stays open */
export async function connected<C extends KafkaJsProducer | KafkaJsAdmin>(
  type: 'producer' | 'admin',
  client: C,
): Promise<C> {
  passOnTimeouts(client)
  try {
    await observedConnect(type, client, () => client.connect())
  } catch (error) {
    // What was opened on the way is closed, or it would keep the process alive.
    await client.disconnect().catch(() => undefined)
    throw error
  }
  return client
}
