import { createMskIamConnection, instrumentKafka, type MskIamSasl } from 'kafka-iam-otel'
import { type LocalSts, type Sandbox, startLocalSts, startSandbox } from 'kafka-iam-otel/testing'
import { Kafka, logLevel, type Producer } from 'kafkajs'

/** Who is on the stage: a Kafka that checks tokens, an STS, and the services that come with roles of it. */
export interface Stage {
  readonly sandbox: Sandbox
  readonly sts: LocalSts
  /** A new producer of a service. */
  producer(service: Service): Producer
  /** Services whose last refresh failed. */
  readonly failing: readonly Service[]
  close(): Promise<void>
}

export type Service = 'orders' | 'reports' | 'billing' | 'visitors'

/** A token lives no longer than the credentials that sign it, s. MSK's tokens live for 900 s. */
const TOKEN_SECONDS = 14
/** MSK ends a session with its token; here it ends sooner, s, so that there is something to see. */
const SESSION_SECONDS = 6
/** kafkajs authenticates again when a session has less left than this, ms. */
const REAUTHENTICATE_MS = 1_500

const roleOf = (service: Service) => `arn:aws:iam::111122223333:role/${service}`

const SERVICES: readonly Service[] = ['orders', 'reports', 'billing', 'visitors']

export async function openStage(): Promise<Stage> {
  const sts = await startLocalSts({
    credentialSeconds: TOKEN_SECONDS,
    principals: Object.fromEntries(SERVICES.map((service) => [roleOf(service), service])),
  })
  const sandbox = await startKafka()
  setAwsEnvironment(sts)
  const clients = new Map<Service, Client>()
  return {
    sandbox,
    sts,
    producer(service) {
      const client = clients.get(service) ?? newClient(service, sandbox)
      clients.set(service, client)
      return client.kafka.producer({ idempotent: true })
    },
    get failing() {
      return [...clients]
        .filter(([, { sasl }]) => sasl.inspect().consecutiveFailures > 0)
        .map(([service]) => service)
    },
    async close() {
      for (const { sasl } of clients.values()) sasl.close()
      await sandbox.close()
      await sts.close()
    },
  }
}

function startKafka(): Promise<Sandbox> {
  return startSandbox({
    topics: { orders: 3, reports: 1 },
    sessionSeconds: SESSION_SECONDS,
    identities: SERVICES.map((service, index) => ({
      principal: service,
      accessKeyId: `AKIADEMO00000000000${index}`,
      secretAccessKey: `not-a-real-secret-of-${service}`,
      // None at all: what is not allowed is denied.
      ...(service === 'visitors' ? { permissions: {} } : {}),
    })),
  })
}

/** What all producers of a service share. */
interface Client {
  readonly kafka: Kafka
  readonly sasl: MskIamSasl
}

function newClient(service: Service, { region, brokers }: Sandbox): Client {
  const { sasl, ...connection } = createMskIamConnection({
    region,
    name: service,
    awsRoleArn: roleOf(service),
    // Tokens this short need a shorter floor and window; and reports has no timer, as in Lambda.
    minTokenLifeMs: 2_000,
    ...(service === 'reports'
      ? { refreshAheadMs: 10_000, backgroundRefresh: false }
      : { refreshAheadMs: 5_000 }),
  })
  const kafka = new Kafka({
    clientId: service,
    brokers,
    sasl,
    ...connection,
    ssl: false,
    reauthenticationThreshold: REAUTHENTICATE_MS,
    logLevel: logLevel.NOTHING,
  })
  return { kafka: instrumentKafka(kafka), sasl }
}

/** The demo's own process talks to the demo's own STS with fake keys, whatever the user's AWS set-up is. */
function setAwsEnvironment(sts: LocalSts): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIADEMOBASE00000000',
    AWS_SECRET_ACCESS_KEY: 'not-a-real-secret-of-the-demo',
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  })
}
