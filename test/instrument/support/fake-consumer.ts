import type {
  Batch,
  Consumer,
  ConsumerCommitOffsetsEvent,
  ConsumerCrashEvent,
  ConsumerEvents,
  ConsumerGroupJoinEvent,
  ConsumerRunConfig,
  ConsumerStartBatchProcessEvent,
  EachBatchPayload,
  KafkaMessage,
} from 'kafkajs'

type Payloads = {
  REQUEST: { clientId: string; apiName?: string }
  COMMIT_OFFSETS: Pick<ConsumerCommitOffsetsEvent['payload'], 'groupId'>
  GROUP_JOIN: Pick<ConsumerGroupJoinEvent['payload'], 'groupId' | 'memberAssignment'> & { memberId?: string }
  START_BATCH_PROCESS: Partial<ConsumerStartBatchProcessEvent['payload']>
  END_BATCH_PROCESS: Partial<ConsumerStartBatchProcessEvent['payload']>
  CRASH: ConsumerCrashEvent['payload']
  STOP: undefined
  DISCONNECT: undefined
}

const events = {
  COMMIT_OFFSETS: 'consumer.commit_offsets',
  GROUP_JOIN: 'consumer.group_join',
  START_BATCH_PROCESS: 'consumer.start_batch_process',
  END_BATCH_PROCESS: 'consumer.end_batch_process',
  DISCONNECT: 'consumer.disconnect',
  STOP: 'consumer.stop',
  CRASH: 'consumer.crash',
  REQUEST: 'consumer.network.request',
} satisfies Partial<ConsumerEvents>

/** Consumes nothing by itself: what kafkajs does with a group is shown on the stack, in test/stack/consumer.test.ts. */
export function fakeConsumer(commit: () => Promise<void> = async () => undefined) {
  const listeners = new Map<string, Set<(event: { payload: unknown }) => void>>()
  const handlers: ConsumerRunConfig[] = []
  const consumer = {
    events,
    connect: async () => undefined,
    run: async (config?: ConsumerRunConfig) => {
      handlers.push(config ?? {})
    },
    commitOffsets: (_positions: Parameters<Consumer['commitOffsets']>[0]) => commit(),
    on: (event: string, listener: (event: { payload: unknown }) => void) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
      return () => listeners.get(event)?.delete(listener)
    },
    paused: () => [],
  }
  return {
    consumer,
    emit: <E extends keyof Payloads>(event: E, payload: Payloads[E]) => {
      for (const listener of listeners.get(events[event]) ?? []) listener({ payload })
    },
    /** As kafkajs does, of one partition. */
    deliver: async (topic: string, message: KafkaMessage, partition = 0) =>
      handlers.at(-1)?.eachMessage?.({
        topic,
        partition,
        message,
        heartbeat: async () => undefined,
        pause: () => () => undefined,
      }),
    deliverBatch: async (batch: Batch) => handlers.at(-1)?.eachBatch?.({ batch } as EachBatchPayload),
  }
}

export function message(offset: number, headers: KafkaMessage['headers'] = {}): KafkaMessage {
  return {
    key: null,
    value: Buffer.from('tea'),
    timestamp: '0',
    attributes: 0,
    offset: `${offset}`,
    headers,
  }
}

/** With methods on a class, as kafkajs's. */
export class ClassBatch implements Batch {
  readonly #topic: string
  readonly messages: KafkaMessage[]
  readonly partition = 2
  readonly highWatermark = '1000'
  constructor(topic: string, messages: KafkaMessage[]) {
    this.#topic = topic
    this.messages = messages
  }
  get topic() {
    return this.#topic
  }
  isEmpty = () => this.messages.length === 0
  firstOffset = () => this.messages[0]?.offset ?? null
  lastOffset = () => this.messages.at(-1)?.offset ?? ''
  offsetLag = () => '0'
  offsetLagLow = () => '0'
}
