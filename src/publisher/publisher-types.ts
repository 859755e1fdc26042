/** What `KafkaPublisher` takes and gives. Names no type of kafkajs or of @types/node. */
/// <reference lib="esnext.disposable" preserve="true" />

/** A text is written as UTF-8. */
type HeaderValue = string | Uint8Array

/** A message to publish. */
export interface PublishableMessage {
  readonly topic: string
  /** null is a tombstone. */
  readonly value: string | Uint8Array | null
  /** Messages with one key go to one partition, in order. */
  readonly key?: string | Uint8Array | null | undefined
  /** A list is a header that stands several times. */
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>> | undefined
  /** Default: by key, or spread. */
  readonly partition?: number | undefined
  /** Epoch ms. Default: when it is published. */
  readonly timestamp?: number | undefined
  /** Comes back in the result. Default: its index, as text. */
  readonly recordId?: string | undefined
  /** For the one who publishes; not sent. */
  readonly messageId?: string | undefined
}

/**
 * What to do with a message that was not published.
 *
 * - `retriable`: publish it again. It is in the topic at most once: an acknowledgement may have been lost
 * - `fatal`: permissions, credentials or settings are wrong. It is not in the topic
 * - `poison`: no broker would take this message. It is not in the topic
 * - `backpressure`: this publisher has too many messages in flight; publish more slowly. It was not tried
 * - `quota`: the broker throttles; wait longer
 * - `fenced`: another producer with this transactional id has taken over, or the transaction took too long
 */
export type PublishErrorKind = 'retriable' | 'fatal' | 'poison' | 'backpressure' | 'quota' | 'fenced'

/** What became of one message. */
export interface PublishResult {
  readonly recordId: string
  /** It is in the topic, exactly once. */
  readonly ok: boolean
  readonly partition?: number
  /** Absent with `acks: 0`, and where the broker knew the message as one that it had already. */
  readonly offset?: string
  /** Carries `failure` with code and hint. */
  readonly error?: Error
  readonly errorKind?: PublishErrorKind
}

/**
 * Called one after the other, and waited for: all hooks of one publish together, or one hook of anything else, for at most
 * 1 s. A hook that has not answered by then is not waited for again until it has. What they throw or reject with is
 * reported to OpenTelemetry's `diag`; nothing that they do changes an outcome.
 */
export interface KafkaPublisherHooks {
  onConnect?(): void | Promise<void>
  onDisconnect?(): void | Promise<void>
  /** After each publish, once for each message. */
  onPublish?(result: PublishResult, message: PublishableMessage): void | Promise<void>
  /** For each message that was not published, and for whatever else went wrong. */
  onError?(error: Error, message?: PublishableMessage): void | Promise<void>
  onTransactionAbort?(error: Error): void | Promise<void>
  onProducerFenced?(error: Error): void | Promise<void>
}

export interface KafkaPublisherOptions {
  /** `host:port` each, or a function that returns them, which is called whenever kafkajs connects anew. */
  readonly brokers: readonly string[] | (() => readonly string[] | Promise<readonly string[]>)
  /** Default `kafka-iam-otel`. */
  readonly clientId?: string | undefined
  /** As kafkajs takes them: spread `createMskIamConnection({ region })` in here. */
  readonly ssl?: boolean | object | undefined
  readonly sasl?: object | undefined
  readonly socketFactory?: ((...args: never[]) => unknown) | undefined
  readonly connectionTimeout?: number | undefined
  readonly authenticationTimeout?: number | undefined
  readonly reauthenticationThreshold?: number | undefined
  /** Further settings of kafkajs's `Kafka`, for example `logLevel` and `logCreator`. */
  readonly kafka?: object | undefined

  /** A retry never writes a message twice. Default true. Without it, what may have been written is not tried again. */
  readonly idempotent?: boolean | undefined
  /** -1: all in-sync replicas (default, and the only one with `idempotent`); 1: the leader; 0: nobody answers. */
  readonly acks?: -1 | 0 | 1 | undefined
  /** Default `none`. kafkajs brings gzip; for the others register a codec in its `CompressionCodecs`. */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | undefined
  /** How long one request may take, 1 to 2147483647 ms. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined
  /**
   * How long one `publish` may take, retries included, 1 to 2147483647 ms. Then what is left is `retriable`. Default 30 000. Of a
   * transaction, how long each step may take.
   */
  readonly deliveryTimeoutMs?: number | undefined
  /** More messages than this at once get `backpressure`. Default 100 000. */
  readonly maxInFlightMessages?: number | undefined
  /** Which partition a message without one goes to. Default `default`, as Java's client with the same keys. */
  readonly partitioner?:
    | 'default'
    | 'java-compatible'
    | 'legacy'
    | (() => (args: never) => number)
    | undefined

  /** Makes `transaction()` possible. One process at a time may use it: name it after the instance. */
  readonly transactionalId?: string | (() => string | Promise<string>) | undefined
  /** Every `publish` is a transaction: all of its messages, or none. Default false. */
  readonly transactional?: boolean | undefined
  /** The broker aborts a transaction after this, 1 to 2147483647 ms. Default 60 000. */
  readonly transactionTimeoutMs?: number | undefined
  /** After a fence, once, with a new producer. Default false: another instance may have taken over. */
  readonly autoRecoverFromFence?: boolean | undefined

  /** `connect()` fails unless these topics exist. */
  readonly validateTopicsOnConnect?: readonly string[] | undefined
  readonly hooks?: KafkaPublisherHooks | undefined
  /**
   * Settings for kafkajs's `producer()`: `metadataMaxAge` (ms), `allowAutoTopicCreation`, `maxInFlightRequests` (not for
   * transactions, which need 1). Others are an error that says which option takes their place.
   */
  readonly rawKafkaJsProducerConfig?: object | undefined
  /** A span for each message that carries no trace context yet. Default false: one span for a `publish`. */
  readonly perMessageSpans?: boolean | undefined
}

/** A topic as it should be. */
export interface TopicSpec {
  readonly topic: string
  /** Default: the cluster's. */
  readonly numPartitions?: number | undefined
  /** Default: the cluster's. */
  readonly replicationFactor?: number | undefined
  /** For example `{ 'retention.ms': '604800000' }`; only of a topic that is created. */
  readonly configEntries?: Readonly<Record<string, string>> | undefined
}

/** What `ensureTopics` found and did. */
export interface EnsuredTopic {
  readonly topic: string
  readonly outcome: 'created' | 'grown' | 'unchanged'
  readonly partitions: number
  /** Fewer partitions than asked for, and growing was not. */
  readonly tooFewPartitions?: true
}

export interface HealthStatus {
  readonly ok: boolean
  readonly latencyMs: number
  /** Epoch ms, when the check began. */
  readonly timestamp: number
  readonly error?: Error
}

/** A topic and its partitions; none where it does not exist. */
export interface TopicDescription {
  readonly topic: string
  readonly partitions: readonly {
    readonly partitionId: number
    readonly leader: number
    readonly replicas: readonly number[]
    readonly isr: readonly number[]
  }[]
}

/** A connected admin client: the part of it that publishing needs. Close it. */
export interface PublisherAdmin extends AsyncDisposable {
  listTopics(): Promise<string[]>
  describeTopics(topics: readonly string[]): Promise<TopicDescription[]>
  /** Creates those that are missing. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>
  /** Grows those that have fewer partitions. */
  createPartitions(specs: readonly { readonly topic: string; readonly totalCount: number }[]): Promise<void>
  close(): Promise<void>
}

/** Where the offsets of consumed messages are put into the transaction, as kafkajs takes them. */
export interface TransactionOffsets {
  readonly consumerGroupId: string
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }[]
}

/** What `transaction` hands to its work. */
export interface PublisherTransaction {
  /** Publishes within the transaction. @throws what the first message failed with; the transaction is then aborted */
  publish(messages: readonly PublishableMessage[]): Promise<PublishResult[]>
  /** Commits the offsets of consumed messages together with it. @throws what it failed with; the transaction is then aborted */
  sendOffsets(offsets: TransactionOffsets): Promise<void>
}
