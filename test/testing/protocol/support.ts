import * as net from 'node:net'
import { Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { type Broker, type BrokerSettings, startBroker } from '../../../src/testing/protocol/broker.ts'
import { asText, Cluster, type ClusterOptions } from '../../../src/testing/protocol/cluster.ts'

export interface Started extends AsyncDisposable {
  readonly cluster: Cluster
  readonly brokers: readonly Broker[]
  readonly broker: Broker
  readonly kafka: Kafka
  /** What was published, as text, without timestamps. */
  published(topic: string): Omit<ReturnType<typeof asText>, 'timestamp'>[]
}

export interface StartOptions extends Partial<BrokerSettings> {
  readonly count?: number
  readonly cluster?: Cluster
  readonly clusterOptions?: ClusterOptions
  readonly config?: Partial<KafkaConfig>
  /** The token of the next authentication. */
  readonly token?: () => string
}

/** Accepts everybody under the name that is the token. */
export async function start(options: StartOptions = {}): Promise<Started> {
  const { count = 1, clusterOptions, config, token = () => 'alice', ...settings } = options
  const cluster = options.cluster ?? new Cluster(clusterOptions)
  const brokers: Broker[] = []
  for (let nodeId = 0; nodeId < count; nodeId += 1) {
    const onExchange: BrokerSettings['onExchange'] = (exchange) => accept(exchange.token)
    brokers.push(await startBroker({ onExchange, ...settings, nodeId, cluster }))
  }
  const kafka = new Kafka({
    clientId: 'orders',
    brokers: brokers.map(({ address }) => address),
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token() }) },
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 4 },
    requestTimeout: 3_000,
    ...config,
  })
  return {
    cluster,
    brokers,
    broker: brokers[0] as Broker,
    kafka,
    published: (topic) =>
      cluster.messages(topic).map((message) => {
        const { timestamp: _, ...rest } = asText(message)
        return rest
      }),
    async [Symbol.asyncDispose]() {
      for (const broker of brokers) await broker.close()
    },
  }
}

export const accept = (principal: string, sessionLifetimeMs = 0) =>
  ({ kind: 'accept', principal, sessionLifetimeMs }) as const

/** A connected producer that disconnects when its block ends. */
export async function producerOf(kafka: Kafka, options: Parameters<Kafka['producer']>[0] = {}) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options })
  await producer.connect()
  return Object.assign(producer, {
    [Symbol.asyncDispose]: () => producer.disconnect(),
  })
}

/** A connection on which bytes are sent as they are, and answers come back as frames. */
export class RawClient {
  readonly socket: net.Socket
  readonly closed: Promise<void>
  #received = Buffer.alloc(0)
  #arrived = () => {}

  /** @param to a port on loopback, or a socket that connects already */
  constructor(to: number | net.Socket) {
    this.socket = typeof to === 'number' ? net.connect(to, '127.0.0.1') : to
    this.socket.on('error', () => undefined)
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#arrived()
    })
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    this.closed.then(() => this.#arrived())
  }

  /** Sends a request with header version 1, or 2 where `flexible`. */
  request(apiKey: number, apiVersion: number, body: Buffer, flexible = false): void {
    const header = Buffer.alloc(flexible ? 15 : 14)
    header.writeInt32BE(header.length - 4 + body.length, 0)
    header.writeInt16BE(apiKey, 4)
    header.writeInt16BE(apiVersion, 6)
    header.writeInt32BE(apiKey * 100 + apiVersion, 8)
    header.writeInt16BE(-1, 12)
    this.socket.write(Buffer.concat([header, body]))
  }

  handshake(version = 1, mechanism = 'OAUTHBEARER'): void {
    this.request(17, version, Buffer.concat([int16(mechanism.length), Buffer.from(mechanism)]))
  }

  authenticate(token: string, version = 1): void {
    const bytes = Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`)
    this.request(36, version, Buffer.concat([int32(bytes.length), bytes]))
  }

  /** The next answer without its length; undefined where the connection ended before it. */
  async answer(): Promise<Buffer | undefined> {
    while (this.#received.length < 4 || this.#received.length < 4 + this.#received.readInt32BE(0)) {
      if (this.socket.destroyed) return undefined
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
    const end = 4 + this.#received.readInt32BE(0)
    const answer = this.#received.subarray(4, end)
    this.#received = this.#received.subarray(end)
    return answer
  }

  /** The error code right behind the correlation id. */
  async errorCode(): Promise<number | undefined> {
    return (await this.answer())?.readInt16BE(4)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Shakes hands and authenticates; the error code of the second answer, or of the first if that refused. */
export async function authenticate(client: RawClient, token: string): Promise<number | undefined> {
  client.handshake()
  const shaken = await client.errorCode()
  if (shaken !== 0) return shaken
  client.authenticate(token)
  return client.errorCode()
}
