import type { Runtime } from '../../base/clocks-and-timers.ts'
import { COMPRESSION_CODES, type KafkaJsProducer, loadKafkaJs } from '../../kafkajs/kafkajs-api.ts'
import { connected, createClient, createProducer, requireCodec } from '../../kafkajs/make-clients.ts'
import { ClosableSockets } from '../../kafkajs/sockets/closable-sockets.ts'
import type { Hooks } from '../hooks.ts'
import type { CheckedPublisherOptions } from '../publisher-options.ts'
import { Transactions } from '../transactions/run-transaction.ts'
import { TransactionalProducer } from '../transactions/transactional-producer.ts'
import { PartitionQueues } from './partition-queue.ts'
import { partitionerOf } from './partitioners.ts'
import { ProducerLeases } from './producer-lease.ts'
import type { SendSettings } from './send-once.ts'
import { PartitionSplitter } from './split-by-partition.ts'

/** What a connected publisher publishes with: its producers, its queues and its options. */
export interface PublishingClient {
  readonly options: CheckedPublisherOptions
  readonly runtime: Runtime
  readonly send: SendSettings
  readonly splitter: PartitionSplitter
  readonly queues: PartitionQueues
  readonly transactions: Transactions | undefined
  /** Connects the producers that the options need. */
  connect(): Promise<void>
  close(): Promise<void>
}

export async function createPublishingClient(
  options: CheckedPublisherOptions,
  hooks: Hooks,
  runtime: Runtime,
): Promise<PublishingClient> {
  const { acks, requestTimeoutMs, compression, idempotent, transactionalId } = options
  const kafkajs = await loadKafkaJs()
  requireCodec(kafkajs, options)
  const splitter = new PartitionSplitter(partitionerOf(kafkajs, options.partitioner))
  const sockets = new ClosableSockets()
  const kafka = createClient(kafkajs, options, sockets)
  // kafkajs would take undefined for a setting.
  const given = Object.fromEntries(
    Object.entries(options.rawKafkaJsProducerConfig ?? {}).filter(([, value]) => value !== undefined),
  )
  const connectProducer = (config: object): Promise<KafkaJsProducer> =>
    connected('producer', createProducer(kafka, { allowAutoTopicCreation: true, ...given, ...config }))
  const { createPartitioner } = splitter
  // kafkajs tries once, so that each error is that of its own try. It refuses 0 with `idempotent`; no count is below NaN.
  const oneTry = { retries: Number.NaN }
  const leases = new ProducerLeases(() => connectProducer({ createPartitioner, idempotent, retry: oneTry }))
  const send = { acks, timeout: requestTimeoutMs, compression: COMPRESSION_CODES[compression] }
  const transactions =
    transactionalId &&
    transactionsOf(options, hooks, runtime, async () =>
      connectProducer({
        createPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: await transactionalId(),
        transactionTimeout: options.transactionTimeoutMs,
      }),
    )
  return {
    options,
    runtime,
    send,
    splitter,
    queues: new PartitionQueues(leases, splitter, { send, idempotent }, runtime),
    transactions,
    async connect() {
      await transactions?.connect()
      if (!options.transactional) leases.release(await leases.acquire())
    },
    async close() {
      await Promise.all([transactions?.close(), leases.close()])
      sockets.close()
    },
  }
}

const transactionsOf = (
  { autoRecoverFromFence }: CheckedPublisherOptions,
  hooks: Hooks,
  runtime: Runtime,
  connectProducer: () => Promise<KafkaJsProducer>,
): Transactions =>
  new Transactions(
    new TransactionalProducer(connectProducer),
    {
      autoRecoverFromFence,
      onAbort: (error) => hooks.call('onTransactionAbort', error),
      onFenced: (error) => hooks.call('onProducerFenced', error),
    },
    runtime,
  )
