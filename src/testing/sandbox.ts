import { brokerIndex } from './check-fault.ts'
import { Faults, requestFault } from './faults.ts'
import { IdentityRegistry, type SandboxIdentity } from './iam/identities.ts'
import { type Broker, type BrokerSettings, type RequestInfo, startBroker } from './protocol/broker.ts'
import { Cluster, type StoredMessage } from './protocol/cluster.ts'
import { checkedSandboxOptions, checkedScope } from './sandbox-options.ts'
import { type SandboxAuthentication, SaslAuthenticator } from './sasl-authenticator.ts'
import { selfSigned } from './self-signed.ts'

export interface SandboxOptions {
  /** The region that tokens have to be signed for. Default `eu-west-1`. */
  readonly region?: string
  /** How many brokers the cluster has, up to 100. Default 1. */
  readonly brokers?: number
  /** TLS, with a certificate made for `localhost` at the start: pass `ca` to the client. Default false. */
  readonly tls?: boolean
  /** Topics, with their number of partitions. Others come into being with one when a client asks for them. */
  readonly topics?: Readonly<Record<string, number>>
  /** Who may connect. Default: one identity, `sandbox`. */
  readonly identities?: readonly SandboxIdentity[]
  /** A session ends after so many whole seconds, or with its token if that is sooner. Default: with its token. */
  readonly sessionSeconds?: number
  /** More authentications in one second, at one broker, are refused with `Too many connects`. Default: no limit. */
  readonly connectionsPerSecond?: number
}

/** A Kafka cluster inside this process that checks IAM tokens as MSK does, and fails on command. */
export interface Sandbox extends AsyncDisposable {
  readonly region: string
  /** For `brokers` of a client. */
  readonly brokers: string[]
  /** PEM of the certificate, with `tls`. */
  readonly ca: string | undefined
  /** Of the first identity: for `credentials` of createMskIamSasl. Test keys, not secrets. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly identities: IdentityRegistry
  readonly faults: Faults
  /** So far, in order. */
  readonly authentications: readonly SandboxAuthentication[]
  /** Requests that it does not serve, so far: `JoinGroup v9`. */
  readonly unsupported: readonly string[]
  /** What was published to a topic, in the order it came. Keys and values are Buffers. */
  messages(topic: string): StoredMessage[]
  /** Moves the lead of a partition to the broker of an index. */
  moveLeader(topic: string, partition: number, broker: number): void
  /**
   * Ends the sessions that are open now, at one broker or of one principal, without telling the clients: each
   * connection is closed at its next request.
   *
   * @returns how many there were
   */
  expireSessions(scope?: { readonly broker?: number; readonly principal?: string }): number
  close(): Promise<void>
}

/**
 * Starts the sandbox on loopback. It is a tool for tests and demos, not a broker: no consumer groups, no storage.
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be
 *
 * @example
 * ```ts
 * await using sandbox = await startSandbox({ topics: { orders: 3 } })
 * const { region, credentials, brokers } = sandbox
 * const { sasl, ...connection } = createMskIamConnection({ region, credentials })
 * const kafka = new Kafka({ brokers, sasl, ...connection, ssl: false })
 * ```
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { region, tls, identities, topics, brokers: count, ...limits } = checkedSandboxOptions(options)
  const first = identities[0] as SandboxIdentity
  const certificate = tls ? selfSigned('localhost') : undefined
  const registry = new IdentityRegistry(identities)
  const faults = new Faults(count, () => Date.now())
  const authenticator = new SaslAuthenticator({ region, identities: registry, faults, ...limits })
  const cluster = new Cluster()
  const unsupported: string[] = []
  const brokers = await startBrokers(count, {
    cluster,
    // As MSK names those who come with IAM.
    principalType: 'IAM',
    ...(certificate ? { tls: certificate } : {}),
    onExchange: (exchange) => authenticator.answer(exchange),
    rightsOf: (principal) => registry.rightsOf(principal),
    onRequest: (request) => strike(faults, request),
    onUnsupported: ({ apiName, apiVersion }) => unsupported.push(`${apiName} v${apiVersion}`),
  })
  for (const [topic, partitions] of Object.entries(topics)) cluster.createTopic(topic, partitions)
  const close = async () => {
    await Promise.all(brokers.map((broker) => broker.close()))
  }
  return {
    region,
    brokers: brokers.map(({ port }) => `localhost:${port}`),
    ca: certificate?.cert,
    credentials: { accessKeyId: first.accessKeyId, secretAccessKey: first.secretAccessKey },
    identities: registry,
    faults,
    authentications: authenticator.authentications,
    unsupported,
    messages: (topic) => cluster.messages(topic),
    moveLeader: (topic, partition, broker) => {
      brokerIndex(count).read(broker, { of: 'moveLeader', option: 'broker' })
      cluster.moveLeader(topic, partition, broker)
    },
    expireSessions: (scope = {}) => {
      const { broker, principal } = checkedScope(scope, count)
      const at = broker === undefined ? brokers : brokers.slice(broker, broker + 1)
      return at.reduce((ended, one) => ended + one.expireSessions(principal), 0)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function startBrokers(count: number, settings: Omit<BrokerSettings, 'nodeId'>): Promise<Broker[]> {
  const brokers: Broker[] = []
  for (let nodeId = 0; nodeId < count; nodeId += 1) brokers.push(await startBroker({ ...settings, nodeId }))
  return brokers
}

/** Faults of authentications are applied by the authenticator: only there it is known whose the token is. */
function strike(faults: Faults, request: RequestInfo) {
  const fault = request.apiName === 'SaslAuthenticate' ? undefined : faults.strike(request)
  return fault && requestFault(fault)
}
