import { brokerCpu, clusterState, lines, recent } from './commands.ts'
import type { Entries } from './entry.ts'

/** What `KafkaPublisher` says by itself: the text is the sentence and the cure of the entry. */
export const publishingEntries: Entries = {
  message_invalid: {
    sees: { texts: ['A message cannot be sent as it is'] },
    causes: [
      'A value that is an object or a number: it takes a string, a Buffer or null.',
      'An empty topic, or a partition below 0.',
      'A header that is neither text nor Buffer, nor a list of them.',
      'A `partitioner` that throws, or returns anything but the number of a partition of the topic: a promise, a text, undefined.',
    ],
    look: [
      '`errorKind` is `poison`: trying again never helps. The other messages of the call are published.',
    ],
    steps: ['Give the message up (`publishToDlq`), and mend what makes it.'],
  },
  partition_unknown: {
    sees: { texts: ['The topic has no such partition'] },
    causes: [
      'A partition that was computed for a topic with more partitions: another environment, or a topic that was made anew.',
      'For a moment after a leader has changed: kafkajs has no leader for the partition. It passes.',
    ],
    sh: `# needs the tools of Kafka and aws-msk-iam-auth
kafka-topics.sh --bootstrap-server "$BROKER:9098" --command-config client.properties --describe --topic orders`,
  },
  delivery_timeout: {
    sees: { texts: ['The message was not acknowledged in time'] },
    causes: [
      'A broker restarts, or is slow. The message of the error has the code of the last try.',
      'A token could not be had for so long: look for refresh failures of the same service.',
      'Too few in-sync replicas: NOT_ENOUGH_REPLICAS.',
      '`deliveryTimeoutMs` is shorter than a change of leader takes (10 to 30 s).',
      'Of a transaction, where the message says that it was not begun: the work of the one before it takes so long.',
    ],
    look: [
      'In the trace: the spans under `send`. `msk_iam.authenticate` that is long is the token or the broker; none at all is the broker.',
    ],
    sh: lines(clusterState, brokerCpu),
  },
  earlier_message_failed: {
    sees: { texts: ['An earlier message of this partition was not published, so this one was not tried'] },
    causes: [
      'Another message of the same call and partition failed; its code is in the message of this error.',
    ],
    look: [
      'The code to look up is the other one: the first result of the call that is not ok, for this partition.',
    ],
  },
  publisher_busy: {
    sees: { texts: ['Too many messages are being published already'] },
    causes: [
      'The brokers are slow or away, and the service goes on to publish: this is a consequence. Look for other codes first.',
      'A burst: more than `maxInFlightMessages` (100 000) at once.',
      'Calls of `publish` that nobody awaits.',
    ],
    promql: recent('messaging_client_sent_messages_total{error_type!=""}', 'service_name, error_type', '15m'),
  },
  callback_timeout: {
    sees: {
      texts: [
        'A function of yours did not answer in time: …',
        'Failed to connect: "config.brokers" threw: A function of yours did not answer in time: …',
      ],
      error: '`KafkaPublishError`; the second text is in a `KafkaJSConnectionError`',
    },
    causes: [
      'A request in the function has no time limit: a secret store, a service discovery, a lock that another instance holds.',
      'A promise in it is never resolved: an event that did not come, a callback that is not called on an error.',
      '`transaction(work)` in the message: `disconnect` was called, and the work has not ended in `transactionTimeoutMs`. The transaction was aborted.',
    ],
    look: ['The message names the function. Log when it begins, and when it ends.'],
  },
  publisher_not_connected: {
    sees: { texts: ['The publisher is not connected'] },
    causes: [
      '`connect()` failed at the start, and the service went on.',
      '`disconnect()` in the shutdown comes before the last `publish`.',
    ],
    look: ['At the start: the span `msk_iam.connect` of the process has the code of what failed.'],
  },
  topics_missing: {
    sees: { texts: ['Topics that were to be validated do not exist, or may not be described: …'] },
    causes: [
      'A new environment, in which nobody has made the topics.',
      'The policy has no `kafka-cluster:DescribeTopic` on them: a broker then says that they do not exist.',
    ],
    sh: `# needs the tools of Kafka and aws-msk-iam-auth
kafka-topics.sh --bootstrap-server "$BROKER:9098" --command-config client.properties --list`,
  },
  health_check_timeout: {
    sees: { texts: ['The cluster did not answer the health check in time'] },
    causes: [
      'The network, or a token that takes long.',
      '`timeoutMs` is shorter than a first connection with a role takes: 1 to 3 s.',
    ],
    look: [
      'The span `msk_iam.connect` with `msk_iam.client.type` `admin`: what is under it, and what is long?',
    ],
    steps: [
      'If your orchestrator kills processes by this check, raise its limit first: a restart needs new connections and makes it worse.',
    ],
  },
  transaction_aborted: {
    sees: { texts: ['Another message of this transaction could not be published, so none of them is'] },
    causes: ['One message of the transaction failed, with a code of its own.'],
    look: [
      'The first result that has another code. The span `msk_iam.transaction` has `msk_iam.transaction.outcome` `abort`, and the failed `send` is under it.',
    ],
  },
  transaction_in_progress: {
    sees: {
      texts: [
        'This is done within the work of a transaction of the same publisher, and would wait for it to end',
      ],
    },
    causes: [
      'A function that begins a transaction itself is called within the work of another one.',
      '`publish` of a publisher with `transactional: true`, or `disconnect`, within the work of `transaction`.',
    ],
    look: ['The stack of the error: the call is in the function that `transaction` was given.'],
  },
  transaction_outcome_unknown: {
    sees: {
      texts: [
        'The answer to the commit was lost or leaves it open, so the transaction may be committed or not',
      ],
    },
    causes: [
      'The connection to the coordinator broke between the commit and its answer: a broker restarted.',
      'The coordinator was slower than `requestTimeoutMs`.',
      'The coordinator changed during the commit: it answered NOT_COORDINATOR or COORDINATOR_NOT_AVAILABLE, and the next one may finish what it had written.',
    ],
    look: ['The span `msk_iam.transaction` has `msk_iam.transaction.outcome` `unknown`.'],
    sh: lines(
      `# needs the tools of Kafka. As long as no later transaction has the same id: CompleteCommit or CompleteAbort
kafka-transactions.sh --bootstrap-server "$BROKER:9098" --command-config client.properties describe --transactional-id orders-relay-0`,
      `# the end of each partition, then the last messages before it, as a reader of committed messages sees them:
# replace 41 by the end of partition 0, less as many messages as you want to see
kafka-get-offsets.sh --bootstrap-server "$BROKER:9098" --command-config client.properties --topic orders
kafka-console-consumer.sh --bootstrap-server "$BROKER:9098" --consumer.config client.properties --topic orders --partition 0 --offset 41 --isolation-level read_committed --timeout-ms 5000`,
    ),
  },
}
