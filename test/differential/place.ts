import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import type { SignedToken } from '../../src/index.ts'
import { type Fault, startSandbox } from '../../src/testing/index.ts'
import type { StoredMessage } from '../../src/testing/protocol/cluster.ts'
import type { ClusterSettings } from './program.ts'

/** Brokers for one run. */
export interface Place extends AsyncDisposable {
  readonly brokers: readonly string[]
  /** What stands in the records in place of texts that only this run has. */
  readonly names: ReadonlyMap<string, string>
  readonly region: string
  readonly ssl: boolean | { readonly ca: string }
  token(): Promise<SignedToken>
  /** Each topic's messages, for each partition in their order. */
  stored(): Promise<Record<string, readonly StoredMessage[]>>
  readonly authentications: readonly object[]
  readonly unsupported: readonly string[]
  addFault(fault: object): void
  mend(): void
  moveLeader(topic: string, partition: number, broker: number): void
  expireSessions(): void
}

const TOKEN_MS = 600_000
const tokens = new Map<string, { readonly signed: SignedToken; readonly until: number }>()

/** A real token, signed once for many runs. */
export async function tokenFor(
  region: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<SignedToken> {
  const key = `${region} ${credentials.accessKeyId}`
  const known = tokens.get(key)
  if (known && known.until > Date.now()) return known.signed
  const signed = await generateAuthTokenFromCredentialsProvider({
    region,
    awsCredentialsProvider: async () => credentials,
  })
  tokens.set(key, { signed, until: Date.now() + TOKEN_MS })
  return signed
}

/** A sandbox of its own. */
export async function sandboxPlace({ brokers, topics, sessionSeconds }: ClusterSettings): Promise<Place> {
  const sandbox = await startSandbox({
    brokers,
    topics,
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
  })
  const { region, credentials, faults } = sandbox
  return {
    brokers: sandbox.brokers,
    names: new Map(),
    region,
    ssl: false,
    token: () => tokenFor(region, credentials),
    // Topics that came into being by themselves are the ones that programs name.
    stored: async () =>
      Object.fromEntries(
        [...Object.keys(topics), 'unknown'].map((topic) => [topic, sandbox.messages(topic)]),
      ),
    authentications: sandbox.authentications,
    unsupported: sandbox.unsupported,
    addFault: (fault) => void faults.add(fault as Fault),
    mend: () => faults.clear(),
    moveLeader: (topic, partition, broker) => sandbox.moveLeader(topic, partition, broker),
    expireSessions: () => void sandbox.expireSessions(),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}
