import { clusterState, lines, resolves } from './commands.ts'
import type { RunbookEntry } from './entry.ts'

/** What has no row in the catalogue, and still can be an `error.type`. */
export interface OtherEntry extends RunbookEntry {
  readonly code: string
  readonly title: string
  readonly hint: string
  readonly retriable: string
  readonly evidence: string
}

const ANY_SPAN = 'any'

export const places = {
  spans: ANY_SPAN,
  metrics: 'whichever has the `error.type`: the query finds it',
  logs: '`msk_iam.token.refresh.failed`, `msk_iam.authentication.failed` or `msk_iam.consumer.crashed`, where it was one of these',
}

const whereItIs = (code: string) =>
  `sum by (__name__, service_name, error_type) ({__name__=~"(msk_iam|messaging)_.+(_total|_count)", error_type${code}})`

export const otherEntries = (unknownHint: string): readonly OtherEntry[] => [
  {
    code: '_OTHER',
    title: 'Nothing in the catalogue recognises the failure',
    hint: unknownHint,
    retriable: 'what the error itself says; no, if it says nothing, and while a token is made',
    evidence: 'anything that is not known here',
    sees: {
      texts: [],
      error:
        'the error as it is. Spans and logs quote its text only while a token is being signed, shortened and without secrets, ARNs and account ids; everywhere else they have only the name of its class',
      line: 'as for any failure, with `[_OTHER]` at its end',
    },
    causes: [
      'An error of a custom `signer` or `credentials` provider, in its own words.',
      'A refused commit of offsets: kafkajs does not say why.',
      'A handler that threw something that is no error: see [errors of a handler](telemetry.md#errors-of-a-handler).',
      'Something that AWS or a broker says and that is not known here.',
    ],
    look: [
      "The description of the span's status names the class of the error; while a token is being signed it quotes the error. The service's own log of the same second has the whole error.",
    ],
    promql: whereItIs('="_OTHER"'),
    steps: [
      'Please open an issue with the name, the code and the message of the error, without ARNs and account ids.',
    ],
  },
  {
    code: "Kafka's own names",
    title: 'A name in capitals that has no entry is what a broker has answered',
    hint: unknownHint,
    retriable: 'what kafkajs says of the name, which is what Kafka says',
    evidence:
      'from the table of kafkajs, `kafkajs/src/protocol/error.js`; the names of codes after 88, which kafkajs does not know, from Kafka 4.4',
    sees: {
      texts: [],
      error:
        "`KafkaJSProtocolError` with `type`, the name, and `code`, Kafka's number; also inside `KafkaJSNonRetriableError` or `KafkaJSNumberOfRetriesExceeded`",
      line: '`[Connection] Response Produce(key: 0, version: 7)`, with the request that it was, and `error` in words',
    },
    causes: [
      '`NOT_LEADER_FOR_PARTITION`, `LEADER_NOT_AVAILABLE`, `NOT_COORDINATOR_FOR_GROUP`, `REBALANCE_IN_PROGRESS`: brokers or members have moved. It passes; if not, look at the cluster.',
      '`UNKNOWN_TOPIC_OR_PARTITION`: the topic does not exist, or is being made.',
      '`NOT_ENOUGH_REPLICAS`, `NOT_ENOUGH_REPLICAS_AFTER_APPEND`, `REQUEST_TIMED_OUT`: a replica is away or slow. With `acks: -1` nothing is written until it is back.',
      '`MESSAGE_TOO_LARGE`, `RECORD_LIST_TOO_LARGE`, `INVALID_RECORD`, `INVALID_TOPIC_EXCEPTION`, `POLICY_VIOLATION`: the message or topic as it is will never be taken.',
      '`INVALID_PRODUCER_EPOCH`, `INVALID_PRODUCER_ID_MAPPING`: another process has the same transactional id, or the transaction took too long.',
      '`ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`: the broker has given this consumer up, mostly because a handler took longer than `sessionTimeout`.',
      '`THROTTLING_QUOTA_EXCEEDED`: a quota of the cluster.',
    ],
    look: [
      "All of them, by number and name: https://kafka.apache.org/protocol#protocol_error_codes. kafkajs has Kafka's older names: `NOT_LEADER_FOR_PARTITION` is `NOT_LEADER_OR_FOLLOWER` there, `NOT_COORDINATOR_FOR_GROUP` is `NOT_COORDINATOR`. The numbers are the same.",
    ],
    promql: whereItIs('=~"[A-Z][A-Z0-9_]+"'),
    sh: lines(
      clusterState,
      `# needs the tools of Kafka and aws-msk-iam-auth: partitions without enough replicas
kafka-topics.sh --bootstrap-server "$BROKER:9098" --command-config client.properties --describe --under-min-isr-partitions`,
      resolves,
    ),
  },
]
