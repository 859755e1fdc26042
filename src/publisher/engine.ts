import type { Runtime } from '../runtime.ts'
import type { SendSettings } from './attempt.ts'
import { ClosableSockets } from './closable-sockets.ts'
import {
  COMPRESSION_CODES,
  createClient,
  createProducer,
  type KafkaJsAdmin,
  type KafkaJsClient,
  type KafkaJsProducer,
  loadKafkaJs,
} from './kafkajs.ts'
import { observedConnect } from './observed-connect.ts'
import { PartitionPlanner } from './partition-plan.ts'
import { PartitionPublisher } from './partition-publisher.ts'
import { partitionerOf } from './partitioners.ts'
import { ProducerSeat } from './producer-seat.ts'
import { callHook } from './publisher-hooks.ts'
import type { CheckedPublisherOptions } from './publisher-options.ts'
import type { PublisherAdmin } from './publisher-types.ts'
import { publisherAdmin } from './topics.ts'
import { Transactions } from './transactions.ts'

/** What a connected publisher publishes with. */
export interface Engine {
  readonly send: SendSettings
  readonly planner: PartitionPlanner
  readonly partitions: PartitionPublisher
  readonly transactions: Transactions | undefined
  /** Connected; to be closed. */
  admin(): Promise<PublisherAdmin>
  /** Connects what will be published with. */
  connect(): Promise<void>
  close(): Promise<void>
}

export async function buildEngine(options: CheckedPublisherOptions, runtime: Runtime): Promise<Engine> {
  const kafkajs = await loadKafkaJs()
  const sockets = new ClosableSockets()
  const client = createClient(kafkajs, options, sockets)
  // An admin client is its caller's to close.
  const forAdmins = createClient(kafkajs, options)
  const planner = new PartitionPlanner(partitionerOf(kafkajs, options.partitioner))
  const send: SendSettings = {
    acks: options.acks,
    timeout: options.requestTimeoutMs,
    compression: COMPRESSION_CODES[options.compression],
  }
  const common = { createPartitioner: planner.createPartitioner, allowAutoTopicCreation: true }
  const seat = new ProducerSeat(() =>
    connected(
      'producer',
      createProducer(client, {
        ...common,
        idempotent: options.idempotent,
        // One try: only then does each error tell of its own try. kafkajs refuses 0 with `idempotent`, and NaN is less
        // than no number.
        retry: { retries: Number.NaN },
      }),
    ),
  )
  const transactions =
    options.transactionalId === undefined ? undefined : transactional(client, common, options)
  return {
    send,
    planner,
    partitions: new PartitionPublisher(seat, planner, { send, idempotent: options.idempotent }, runtime),
    transactions,
    async admin() {
      return publisherAdmin(await connected('admin', forAdmins.admin()))
    },
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

function transactional(
  client: KafkaJsClient,
  common: object,
  { transactionalId, transactionTimeoutMs, autoRecoverFromFence, hooks }: CheckedPublisherOptions,
): Transactions {
  const make = async () =>
    connected(
      'producer',
      createProducer(client, {
        ...common,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: await transactionalId?.(),
        transactionTimeout: transactionTimeoutMs,
      }),
    )
  return new Transactions(make, {
    autoRecoverFromFence,
    onAbort: (error) => void callHook(hooks, 'onTransactionAbort', error),
    onFenced: (error) => void callHook(hooks, 'onProducerFenced', error),
  })
}

async function connected<C extends KafkaJsProducer | KafkaJsAdmin>(
  type: 'producer' | 'admin',
  client: C,
): Promise<C> {
  try {
    await observedConnect(type, () => client.connect())
  } catch (error) {
    // What was opened on the way is closed, or it would keep the process alive.
    await client.disconnect().catch(() => undefined)
    throw error
  }
  return client
}
