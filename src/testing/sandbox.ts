import { randomUUID } from 'node:crypto'
import { type Fault, Faults, requestFault } from './faults.ts'
import { IdentityRegistry, type SandboxIdentity } from './iam/identities.ts'
import { createTokenVerifier, TokenRefused, type VerifiedToken } from './iam/token-verifier.ts'
import { type Broker, type ExchangeAnswer, type RequestInfo, startBroker } from './protocol/broker.ts'
import { Cluster, type StoredMessage } from './protocol/cluster.ts'
import { selfSigned } from './self-signed.ts'

export interface SandboxOptions {
  /** The region that tokens have to be signed for. Default `eu-west-1`. */
  readonly region?: string
  /** How many brokers the cluster has. Default 1. */
  readonly brokers?: number
  /** TLS, with a certificate made for `localhost` at the start: pass `ca` to the client. Default false. */
  readonly tls?: boolean
  /** Topics, with their number of partitions. Others come into being with one when a client asks for them. */
  readonly topics?: Readonly<Record<string, number>>
  /** Who may connect. Default: one identity, `sandbox`. */
  readonly identities?: readonly SandboxIdentity[]
  /** A session ends after so many seconds, or with its token if that is sooner. Default: with its token. */
  readonly sessionSeconds?: number
  /** More authentications in one second, at one broker, are refused with `Too many connects`. Default: no limit. */
  readonly connectionsPerSecond?: number
}

/** What became of one authentication. */
export interface SandboxAuthentication {
  /** Index of the broker. */
  readonly broker: number
  readonly connection: number
  readonly kind: 'initial' | 'reauthentication'
  /** Who it was, where the token was good. */
  readonly principal: string | undefined
  /** `accepted`, or what went wrong: a refusal without its request id, or what a fault did. */
  readonly outcome: string
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
  close(): Promise<void>
}

const DEFAULT_IDENTITY: SandboxIdentity = {
  principal: 'sandbox',
  accessKeyId: 'AKIASANDBOX000000001',
  secretAccessKey: 'not-a-real-secret-of-the-sandbox',
}

/**
 * Starts the sandbox on loopback. It is a tool for tests and demos, not a broker: no consumer groups, no storage.
 *
 * @throws RangeError for a number of brokers or seconds that cannot be
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { region = 'eu-west-1', tls = false, identities = [DEFAULT_IDENTITY], topics = {} } = options
  const count = wholeNumber('brokers', options.brokers ?? 1)
  for (const option of ['sessionSeconds', 'connectionsPerSecond'] as const) {
    if (options[option] !== undefined) wholeNumber(option, options[option])
  }
  const [first] = identities
  if (!first) throw new RangeError('startSandbox: `identities` is empty: give at least one')
  const certificate = tls ? selfSigned('localhost') : undefined
  const registry = new IdentityRegistry(identities)
  const desk = new AuthenticationDesk(region, registry, options)
  const cluster = new Cluster()
  const unsupported: string[] = []
  const brokers: Broker[] = []
  for (let nodeId = 0; nodeId < count; nodeId += 1) {
    brokers.push(
      await startBroker({
        nodeId,
        cluster,
        // As MSK names those who come with IAM.
        principalType: 'IAM',
        ...(certificate ? { tls: certificate } : {}),
        onExchange: (exchange) => desk.answer(exchange),
        rightsOf: (principal) => registry.rightsOf(principal),
        onRequest: (request) => desk.fault(request),
        onUnsupported: ({ apiName, apiVersion }) => unsupported.push(`${apiName} v${apiVersion}`),
      }),
    )
  }
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
    faults: desk.faults,
    authentications: desk.authentications,
    unsupported,
    messages: (topic) => cluster.messages(topic),
    moveLeader: (topic, partition, broker) => cluster.moveLeader(topic, partition, broker),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function wholeNumber(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new RangeError(`startSandbox: \`${option}\` is ${value}; it takes a whole number from 1 on`)
}

type Exchange = Parameters<Parameters<typeof startBroker>[0]['onExchange']>[0]

/** Where tokens are looked at: verified, limited, and struck by faults. */
class AuthenticationDesk {
  readonly faults = new Faults(() => Date.now())
  readonly authentications: SandboxAuthentication[] = []
  readonly #verifier: { verify(token: string): VerifiedToken }
  readonly #options: SandboxOptions
  readonly #recent = new Map<number, number[]>()

  constructor(region: string, identities: IdentityRegistry, options: SandboxOptions) {
    this.#verifier = createTokenVerifier({ region, identities, now: () => Date.now() })
    this.#options = options
  }

  async answer(exchange: Exchange): Promise<ExchangeAnswer> {
    const { broker, connection, onConnection, token } = exchange
    let principal: string | undefined
    const done = (outcome: string, answer: ExchangeAnswer): ExchangeAnswer => {
      const kind = onConnection === 1 ? 'initial' : 'reauthentication'
      this.authentications.push({ broker, connection, kind, principal, outcome })
      return answer
    }
    const refuse = (text: string) => done(text, { kind: 'refuse', message: `[${randomUUID()}]: ${text}` })
    if (this.#overLimit(broker)) return refuse('Too many connects')
    try {
      const verified = this.#verifier.verify(token)
      principal = verified.principal
      const fault = this.faults.strike({ apiName: 'SaslAuthenticate', broker, principal })
      if (fault && 'refuse' in fault) return refuse(fault.refuse)
      if (fault && 'connection' in fault && fault.connection !== 'loseAcknowledgement') {
        return done(fault.connection, { kind: fault.connection })
      }
      if (fault && 'delayMs' in fault) await delay(fault.delayMs)
      return done('accepted', { kind: 'accept', principal, sessionLifetimeMs: this.#session(verified) })
    } catch (error) {
      if (error instanceof TokenRefused) return refuse(error.text)
      throw error
    }
  }

  /** A fault for any other request. */
  fault(request: RequestInfo) {
    if (request.apiName === 'SaslAuthenticate') return undefined
    const fault: Fault | undefined = this.faults.strike(request)
    return fault && requestFault(fault)
  }

  #session({ expiresAt }: VerifiedToken): number {
    const left = expiresAt - Date.now()
    const { sessionSeconds } = this.#options
    return Math.floor(sessionSeconds === undefined ? left : Math.min(left, sessionSeconds * 1000))
  }

  #overLimit(broker: number): boolean {
    const { connectionsPerSecond } = this.#options
    if (connectionsPerSecond === undefined) return false
    const now = Date.now()
    const recent = (this.#recent.get(broker) ?? []).filter((at) => now - at < 1000)
    const over = recent.length >= connectionsPerSecond
    this.#recent.set(broker, over ? recent : [...recent, now])
    return over
  }
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
