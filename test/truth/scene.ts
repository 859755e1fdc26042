import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import * as tls from 'node:tls'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import {
  createMskIamConnection,
  type InstrumentOptions,
  instrumentKafka,
  type MskIamConnectionOptions,
  type MskIamSasl,
} from '../../src/index.ts'
import type { Telemetry } from '../support/telemetry.ts'
import { RawClient } from '../testing/protocol/support.ts'
import { keysOf, type TruthCluster } from './cluster.ts'
import { indented, normaliser, renderError, renderSpans } from './render.ts'
import { renderSeries, type Series, seriesOf } from './series.ts'

export type ClientOptions = Partial<MskIamConnectionOptions> & { readonly principal?: string }

/** One run of one case: its clients, and what is seen of them, as text. */
export class Scene {
  readonly cluster: TruthCluster
  /** The provider's, and so of this run's metrics alone. */
  readonly #name = `truth-${randomUUID().slice(0, 8)}`
  readonly #telemetry: Telemetry
  #before: Series
  readonly #lines: string[] = []
  readonly #names = new Map<string, string>([[this.#name, 'truth']])
  readonly #closing: (() => void)[] = []
  #clients = 0

  private constructor(cluster: TruthCluster, telemetry: Telemetry, before: Series) {
    this.cluster = cluster
    this.#telemetry = telemetry
    this.#before = before
  }

  static async begin(cluster: TruthCluster, telemetry: Telemetry): Promise<Scene> {
    telemetry.clear()
    return new Scene(cluster, telemetry, await seriesOf(telemetry))
  }

  /** The real kafkajs with our connection, instrumented. Nothing is tried again unless the case says so. */
  kafka(
    options: ClientOptions = {},
    config: Partial<KafkaConfig> = {},
    instrument: InstrumentOptions = {},
  ): Kafka {
    const { principal = 'orders-service', ...rest } = options
    const identity = 'signer' in rest ? {} : { credentials: keysOf(principal) }
    this.#clients += 1
    const name = this.#clients === 1 ? this.#name : `${this.#name}-${this.#clients}`
    const connection = createMskIamConnection({
      region: this.cluster.region,
      name,
      ssl: this.cluster.ssl,
      ...identity,
      ...rest,
    } as MskIamConnectionOptions)
    this.#closing.push((connection.sasl as MskIamSasl).close)
    return instrumentKafka(
      new Kafka({
        clientId: 'truth',
        brokers: this.cluster.brokers,
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
        ...connection,
        ...config,
      } as KafkaConfig),
      instrument,
    )
  }

  /** Bytes to the broker, and back, over TLS. */
  raw(): RawClient {
    const [host = '', port] = (this.cluster.brokers[0] ?? '').split(':')
    const client = new RawClient(
      tls.connect({ host, port: Number(port), ...this.cluster.ssl, servername: host }),
    )
    this.#closing.push(() => client.socket.destroy())
    return client
  }

  async topic(partitions = 1): Promise<string> {
    return this.called(await this.cluster.createTopic(partitions))
  }

  /** A name that is another one in each run is shown as TOPIC. */
  called(topic: string): string {
    const others = [...this.#names.values()].filter((name) => name.startsWith('TOPIC')).length
    this.#names.set(topic, others === 0 ? 'TOPIC' : `TOPIC-${others + 1}`)
    return topic
  }

  /** What came of it: the value, or the error with all that is under it. */
  async attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      const value = await work()
      this.note(`${what}: ${value === undefined ? 'done' : rendered(value)}`)
    } catch (error) {
      this.note([`${what}:`, ...indented(renderError(error))].join('\n'))
    }
  }

  /** What was before is another case's. */
  async forget(): Promise<void> {
    this.#telemetry.clear()
    this.#before = await seriesOf(this.#telemetry)
  }

  note(line: string): void {
    this.#lines.push(line)
  }

  /** The session's own time has to pass: a real broker's clock cannot be moved. */
  readonly pass = (ms: number): Promise<void> => pause(ms)

  async showPublished(topic: string): Promise<void> {
    for (const { partition, offset, key, value, headers } of await this.cluster.published(topic)) {
      const names = Object.keys(headers).join(', ')
      this.note(`published: ${partition}:${offset} ${key} = ${value?.slice(0, 20)} [${names}]`)
    }
  }

  /** Everything so far: what the case noted, then spans, then metrics. */
  async seen(): Promise<string> {
    const shown = normaliser(this.#names)
    const spans = renderSpans(this.#telemetry.spans(), shown)
    const series = renderSeries(await seriesOf(this.#telemetry), this.#before, shown)
    const parts = [this.#lines, section('spans', spans), section('metrics', series)]
    return shown(parts.flat().join('\n'))
  }

  close(): void {
    for (const close of this.#closing) close()
  }
}

/** Kafka answers for the partitions of a send in the order of a hash map. */
function rendered(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value)
  const partitionOf = ({ partition }: { partition?: number }) => partition ?? 0
  return JSON.stringify([...value].sort((one, other) => partitionOf(one) - partitionOf(other)))
}

const section = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...indented(lines)]
