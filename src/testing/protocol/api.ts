/** Kafka's protocol guide in three tables: names of requests, the versions served here, error codes. */

/** Requests a client may send; the names as in the protocol guide. */
export const ApiKey = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  SaslHandshake: 17,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
  DescribeConfigs: 32,
  SaslAuthenticate: 36,
  CreatePartitions: 37,
  DescribeCluster: 60,
  GetTelemetrySubscriptions: 71,
} as const

const names = new Map<number, string>(Object.entries(ApiKey).map(([name, key]) => [key, name]))

export const apiName = (apiKey: number): string => names.get(apiKey) ?? `ApiKey(${apiKey})`

export interface Range {
  readonly min: number
  readonly max: number
}

export interface Versions extends Range {
  /** From this version on strings and arrays are compact, and every structure ends in tagged fields. */
  readonly flexibleFrom: number
}

/** What is served. */
export const served: ReadonlyMap<number, Versions> = new Map([
  [ApiKey.Produce, { min: 3, max: 11, flexibleFrom: 9 }],
  [ApiKey.Metadata, { min: 0, max: 12, flexibleFrom: 9 }],
  [ApiKey.SaslHandshake, { min: 0, max: 1, flexibleFrom: Number.POSITIVE_INFINITY }],
  [ApiKey.ApiVersions, { min: 0, max: 4, flexibleFrom: 3 }],
  [ApiKey.InitProducerId, { min: 0, max: 4, flexibleFrom: 2 }],
  [ApiKey.SaslAuthenticate, { min: 0, max: 2, flexibleFrom: 2 }],
])

/**
 * What ApiVersions says. By the last two librdkafka tells a broker that knows record batches (Fetch 4), zstd (Fetch 10)
 * and LZ4 (FindCoordinator 0) from an ancient one, to which it would send what is not served here. They are not served.
 */
export const advertised: ReadonlyMap<number, Range> = new Map<number, Range>([
  ...served,
  [ApiKey.Fetch, { min: 4, max: 11 }],
  [ApiKey.FindCoordinator, { min: 0, max: 3 }],
])

export const ErrorCode = {
  None: 0,
  CorruptMessage: 2,
  UnknownTopicOrPartition: 3,
  LeaderNotAvailable: 5,
  NotLeaderOrFollower: 6,
  MessageTooLarge: 10,
  InvalidTopic: 17,
  InvalidRequiredAcks: 21,
  TopicAuthorizationFailed: 29,
  ClusterAuthorizationFailed: 31,
  UnsupportedSaslMechanism: 33,
  IllegalSaslState: 34,
  UnsupportedVersion: 35,
  InvalidRequest: 42,
  OutOfOrderSequenceNumber: 45,
  InvalidProducerEpoch: 47,
  TransactionalIdAuthorizationFailed: 53,
  SaslAuthenticationFailed: 58,
  UnsupportedCompressionType: 76,
  InvalidRecord: 87,
  UnknownTopicId: 100,
} as const
