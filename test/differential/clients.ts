import { Kafka, type KafkaConfig, type logCreator, logLevel } from 'kafkajs'
import {
  createMskIamConnection,
  instrumentConsumer,
  instrumentKafka,
  instrumentProducer,
} from '../../src/index.ts'
import type { Place } from './place.ts'
import type { ClientSettings, KafkaSettings } from './program.ts'

/** Which of the clients that are compared. */
export interface Arrangement {
  readonly client: 'bare' | 'wrapped'
  /** `official`: AWS's signer in kafkajs's own `oauthBearerProvider`, on kafkajs's own sockets. */
  readonly connection: 'ours' | 'official'
}

export type Method = (...args: unknown[]) => unknown
export type Client = Record<string, Method> & { readonly events?: Record<string, string> }

export interface Clients {
  readonly kafka: Kafka
  make(settings: ClientSettings, options: unknown): Client
  close(): void
}

const TIMEOUTS = { connectionTimeout: 1_000, authenticationTimeout: 1_000 }
const DEAD_SEED = 'localhost:1'

export function clientsFor(
  place: Place,
  settings: KafkaSettings,
  { client, connection }: Arrangement,
  logs: logCreator,
): Clients {
  const { block, close } = connection === 'ours' ? ourBlock(place) : officialBlock(place)
  const bare = new Kafka({
    clientId: 'orders-service',
    brokers: [...(settings.deadSeed ? [DEAD_SEED] : []), ...place.brokers],
    ...block,
    ...TIMEOUTS,
    requestTimeout: settings.requestTimeout,
    retry: { initialRetryTime: 1, maxRetryTime: 4, retries: settings.retries },
    logLevel: settings.debug ? logLevel.DEBUG : logLevel.INFO,
    logCreator: logs,
  })
  const producer = { perMessageSpans: settings.perMessageSpans === true }
  const kafka = client === 'bare' ? bare : instrumentKafka(bare, { producer })
  const make: Clients['make'] = ({ kind, shape }, options) => {
    const [from, wrap] = shape === 'plain' || client === 'bare' ? [kafka, same] : [bare, wrapped]
    const made = (from as unknown as Record<string, (given: unknown) => Client>)[kind]?.(options) as Client
    return wrap(shaped(made, shape), kind, producer)
  }
  return { kafka, make, close }
}

function ourBlock({ region, ssl, token }: Place): { block: Partial<KafkaConfig>; close(): void } {
  const connection = createMskIamConnection({ region, signer: { generateAuthToken: token } })
  return { block: { ...connection, ssl } as Partial<KafkaConfig>, close: () => connection.sasl.close() }
}

function officialBlock({ ssl, token }: Place): { block: Partial<KafkaConfig>; close(): void } {
  const oauthBearerProvider = async () => ({ value: (await token()).token })
  return {
    block: {
      ssl,
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider },
      reauthenticationThreshold: 10_000,
    },
    close: () => undefined,
  }
}

type Wrap = (client: Client, kind: ClientSettings['kind'], producer: { perMessageSpans: boolean }) => Client

const same: Wrap = (client) => client

/** Only producers and consumers can be wrapped alone. */
const wrapped: Wrap = (client, kind, producer) => {
  if (kind === 'producer') return instrumentProducer(client as never, producer) as unknown as Client
  return kind === 'consumer' ? (instrumentConsumer(client as never) as unknown as Client) : client
}

function shaped(made: Client, shape: ClientSettings['shape']): Client {
  if (shape === 'plain') return made
  if (shape === 'frozen') return Object.freeze(made)
  const OwnClient = classAround(made)
  if (shape === 'class') return new OwnClient(made) as unknown as Client
  class Audited extends OwnClient {
    readonly audited = true
  }
  return new Audited(made) as unknown as Client
}

/** A user's class with the methods of a client on its prototype, which need a private field. */
function classAround(of: Client) {
  class OwnClient {
    readonly #inner: Client

    constructor(inner: Client) {
      this.#inner = inner
    }

    call(method: string, args: unknown[]): unknown {
      return this.#inner[method]?.(...args)
    }

    get events() {
      return this.#inner.events
    }
  }
  for (const method of Object.keys(of).filter((key) => typeof of[key] === 'function')) {
    Object.defineProperty(OwnClient.prototype, method, {
      configurable: true,
      writable: true,
      value(this: OwnClient, ...args: unknown[]) {
        return this.call(method, args)
      },
    })
  }
  return OwnClient
}
