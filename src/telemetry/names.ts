/**
 * Every name that this library emits. Those of OpenTelemetry follow semantic conventions 1.45.0 (the messaging ones are
 * still in development, so they are copied here rather than imported); ours live under `msk_iam.*`.
 * A test compares this file with the conventions' package and with docs/telemetry.md.
 */
export const SCOPE = 'kafka-iam-otel'
/** Of the conventions that the names follow: a backend can translate them by it. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0'

export const Span = {
  TokenRefresh: 'msk_iam.token.refresh',
  TokenSign: 'msk_iam.token.sign',
  Authenticate: 'msk_iam.authenticate',
  Connect: 'msk_iam.connect',
  /** Followed by the topic where there is one. */
  Send: 'send',
  /** Of one message; followed by the topic. */
  Create: 'create',
  Transaction: 'msk_iam.transaction',
  /** Followed by the topic. */
  Process: 'process',
  /** Followed by the topic where there is one. */
  Commit: 'commit',
} as const

export const Metric = {
  TokenRequests: 'msk_iam.token.requests',
  TokenAge: 'msk_iam.token.age',
  TokenRemainingLifetime: 'msk_iam.token.remaining_lifetime',
  CredentialsRemainingLifetime: 'msk_iam.credentials.remaining_lifetime',
  RefreshDuration: 'msk_iam.token.refresh.duration',
  RefreshFailures: 'msk_iam.token.refresh.failures',
  ConsecutiveFailures: 'msk_iam.token.refresh.consecutive_failures',
  Providers: 'msk_iam.providers',
  SignerRetries: 'msk_iam.signer.retries',
  AuthenticationDuration: 'msk_iam.authentication.duration',
  AuthenticationFailures: 'msk_iam.authentication.failures',
  OperationDuration: 'messaging.client.operation.duration',
  SentMessages: 'messaging.client.sent.messages',
  ConsumedMessages: 'messaging.client.consumed.messages',
  ProcessDuration: 'messaging.process.duration',
  MessagesBehind: 'msk_iam.consumer.messages_behind',
  Rebalances: 'msk_iam.consumer.rebalances',
  Crashes: 'msk_iam.consumer.crashes',
  Commits: 'msk_iam.consumer.commits',
} as const

export const LogEvent = {
  RefreshFailed: 'msk_iam.token.refresh.failed',
  AuthenticationFailed: 'msk_iam.authentication.failed',
  ConsumerCrashed: 'msk_iam.consumer.crashed',
} as const

export const Attribute = {
  ErrorType: 'error.type',
  ProviderName: 'msk_iam.provider.name',
  CloudRegion: 'cloud.region',
  ServerAddress: 'server.address',
  ServerPort: 'server.port',

  TokenResult: 'msk_iam.token.result',
  TokenAge: 'msk_iam.token.age',
  TokenLifetime: 'msk_iam.token.lifetime',
  RefreshTrigger: 'msk_iam.refresh.trigger',
  RefreshBackground: 'msk_iam.refresh.background',
  SignerAttempt: 'msk_iam.signer.attempt',
  SignerAttempts: 'msk_iam.signer.attempts',
  CredentialsSource: 'msk_iam.credentials.source',
  AuthenticationKind: 'msk_iam.authentication.kind',
  BrokerRequestId: 'msk_iam.broker.request_id',
  FailureHint: 'msk_iam.failure.hint',
  ClientType: 'msk_iam.client.type',
  SendOffsets: 'msk_iam.send.offsets',
  TransactionOutcome: 'msk_iam.transaction.outcome',
  RebalanceReason: 'msk_iam.rebalance.reason',
  ConsumerRestarts: 'msk_iam.consumer.restarts',

  MessagingSystem: 'messaging.system.name',
  MessagingOperationName: 'messaging.operation.name',
  MessagingOperationType: 'messaging.operation.type',
  MessagingDestination: 'messaging.destination.name',
  MessagingPartition: 'messaging.destination.partition.id',
  MessagingBatchCount: 'messaging.batch.message_count',
  MessagingClientId: 'messaging.client.id',
  MessagingConsumerGroup: 'messaging.consumer.group.name',
  MessagingBodySize: 'messaging.message.body.size',
  KafkaOffset: 'kafka.offset',
  KafkaTombstone: 'kafka.message.tombstone',
} as const
