import type { Runtime } from '../../base/runtime.ts'
import { COMPRESSION_CODES, type KafkaJsProducer, loadKafkaJs } from '../../kafkajs/kafkajs-api.ts'
import { connected, createClient, createProducer, requireCodec } from '../../kafkajs/make-clients.ts'
import { ClosableSockets } from '../../kafkajs/sockets/closable-sockets.ts'
import type { Hooks } from '../hooks.ts'
import type { CheckedPublisherOptions } from '../publisher-options.ts'
import { TransactionalProducer } from '../transactions/transactional-producer.ts'
import { Transactions } from '../transactions/transactions.ts'
import { PartitionPublisher } from './partition-queue.ts'
import { partitionerOf } from './partitioners.ts'
import { ProducerSeat } from './producer-lease.ts'
import type { SendSettings } from './send-once.ts'
import { PartitionPlanner } from './split-by-partition.ts'

/** What a connected publisher publishes with. */
export interface Engine {
  readonly send: SendSettings
  readonly planner: PartitionPlanner
  readonly partitions: PartitionPublisher
  readonly transactions: Transactions | undefined
  /** Connects what will be published with. */
  connect(): Promise<void>
  close(): Promise<void>
}

export async function buildEngine(
  options: CheckedPublisherOptions,
  hooks: Hooks,
  runtime: Runtime,
): Promise<Engine> {
  const { acks, requestTimeoutMs, compression, idempotent, transactionalId } = options
  const kafkajs = await loadKafkaJs()
  requireCodec(kafkajs, options)
  const planner = new PartitionPlanner(partitionerOf(kafkajs, options.partitioner))
  const sockets = new ClosableSockets()
  const client = createClient(kafkajs, options, sockets)
  // kafkajs takes undefined for a setting.
  const given = Object.fromEntries(
    Object.entries(options.rawKafkaJsProducerConfig ?? {}).filter(([, value]) => value !== undefined),
  )
  const producer = (config: object): Promise<KafkaJsProducer> =>
    connected('producer', createProducer(client, { allowAutoTopicCreation: true, ...given, ...config }))
  const { createPartitioner } = planner
  // One try: only then does each error tell of its own try. kafkajs refuses 0 with `idempotent`, and NaN is less than no
  // number.
  const oneTry = { retries: Number.NaN }
  const seat = new ProducerSeat(() => producer({ createPartitioner, idempotent, retry: oneTry }))
  const send = { acks, timeout: requestTimeoutMs, compression: COMPRESSION_CODES[compression] }
  const transactions =
    transactionalId &&
    transactionsOf(options, hooks, runtime, async () =>
      producer({
        createPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: await transactionalId(),
        transactionTimeout: options.transactionTimeoutMs,
      }),
    )
  return {
    send,
    planner,
    partitions: new PartitionPublisher(seat, planner, { send, idempotent }, runtime),
    transactions,
    async connect() {
      await transactions?.connect()
      if (!options.transactional) seat.release(await seat.take())
    },
    async close() {
      await Promise.all([transactions?.close(), seat.close()])
      sockets.close()
    },
  }
}

const transactionsOf = (
  { autoRecoverFromFence }: CheckedPublisherOptions,
  hooks: Hooks,
  runtime: Runtime,
  make: () => Promise<KafkaJsProducer>,
): Transactions =>
  new Transactions(
    new TransactionalProducer(make),
    {
      autoRecoverFromFence,
      onAbort: (error) => hooks.call('onTransactionAbort', error),
      onFenced: (error) => hooks.call('onProducerFenced', error),
    },
    runtime,
  )
