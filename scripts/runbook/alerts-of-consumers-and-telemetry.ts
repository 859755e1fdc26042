import { recent } from './commands.ts'
import type { AlertSection } from './entry.ts'

export const consumerAlerts: readonly AlertSection[] = [
  {
    name: 'MskIamConsumerEnded',
    means:
      'A consumer has ended and kafkajs does not start it again; its process lives on and consumes nothing.',
    ifNobodyActs:
      'Its partitions go to the other members of the group, within seconds. If it was the last, nothing is consumed until somebody restarts it, and the group falls behind.',
    promql: `sum by (service_name, service_instance_id, messaging_consumer_group_name, error_type) (msk_iam_consumer_crashes_total{msk_iam_consumer_restarts="false"})
sum by (service_name, messaging_consumer_group_name) (rate(messaging_client_consumed_messages_total[5m]))`,
    trace:
      '`msk_iam.authenticate` or `process <topic>` with the `error.type`, just before the end. The log record `msk_iam.consumer.crashed` has code, cure and trace.',
    codes: [
      'access_denied',
      'TOPIC_AUTHORIZATION_FAILED',
      'GROUP_AUTHORIZATION_FAILED',
      'connection_lock_timeout',
    ],
    act: 'Cure the cause, then restart the process. A class name such as `TypeError` is an error of the handler: its stack is in the log of the service. Let the process end by itself next time: listen to `CRASH`, see [consumers](telemetry.md#consumers). This alert then comes only if the next processes handle nothing either.',
    falseAlarm:
      'A service that ends consumers on purpose, by an error in the handler. It stays until the process is replaced or the group consumes again in it.',
  },
  {
    name: 'MskIamConsumerCrashing',
    means: 'A consumer fails and is started again, over and over, with the same messages.',
    ifNobodyActs:
      'The partition stands still, and the group falls behind. Messages before the one that fails are handled again each time.',
    promql: recent(
      'msk_iam_consumer_crashes_total{msk_iam_consumer_restarts="true"}',
      'service_name, messaging_consumer_group_name, error_type',
      '15m',
    ),
    trace:
      'operation `process <topic>`, tag `error.type=<code>`: `messaging.destination.partition.id` and `kafka.offset` are the message that cannot be handled.',
    codes: ['connection_closed', 'connection_refused', 'request_timeout'],
    act: 'A class name is an error of the handler: one message that it cannot take. Give it to a dead letter topic, or mend the handler.',
    falseAlarm: 'Brokers that restart one after the other: a few crashes, and then quiet.',
  },
  {
    name: 'MskIamConsumerBehind',
    means:
      'More messages wait for a group than it handles in 10 minutes, or it handles none at all, or its handlers never rest while messages wait.',
    ifNobodyActs:
      'Readers see old data. If it goes on for longer than the topic keeps messages, messages are lost.',
    promql: `service:msk_iam_messages_behind:sum
service:msk_iam_messages_consumed:rate10m
service:msk_iam_handler_busy:ratio10m
histogram_quantile(0.95, sum by (messaging_destination_name, le) (rate(messaging_process_duration_seconds_bucket[10m])))`,
    trace: 'operation `process <topic>`, longest first: is a database or an HTTP call under it slow?',
    codes: ['request_timeout', 'connection_closed'],
    act: 'Handlers slow: mend what they wait for. Members lost: see `msk_iam_consumer_rebalances_total` and MskIamConsumerEnded. Else add processes, up to one for each partition.',
    falseAlarm: 'A producer that filled the topic at once, such as a nightly job: it only needs time.',
  },
]

export const telemetryAlerts: readonly AlertSection[] = [
  {
    name: 'MskIamTelemetryMissing',
    means: 'A service that sent metrics within the last hour sends none now, and did not end in order.',
    ifNobodyActs:
      'It may publish as ever, or not at all: nobody can tell, and no other alert of it can fire. After an hour this one is silent too.',
    promql: `sum by (service_name) (last_over_time(msk_iam_providers[1h]))
count by (service_name) (msk_iam_providers)`,
    trace: 'newest trace of the service: traces without metrics mean that only metrics are lost.',
    codes: ['invalid_option', 'region_invalid'],
    act: 'Do the processes run (`kubectl get pods`)? Do they reach the collector (`OTEL_EXPORTER_OTLP_ENDPOINT`, port 4318)? Their log has the errors of the exporter.',
    falseAlarm:
      'A service that was scaled to zero by killing it: one that ends in order closes its providers, and that is not missed.',
  },
  {
    name: 'MskIamCollectorDown',
    means: 'Prometheus cannot reach the collector.',
    ifNobodyActs:
      'Messages are published as before; nobody sees it. Services keep nothing: what they cannot export is lost.',
    promql: 'up',
    trace: 'no new trace comes.',
    codes: [],
    act: 'Does the collector run, and does its health check answer (port 13133)? Was it ended for its memory: see [collector.md](collector.md). Then look at all other alerts again.',
    falseAlarm: 'A restart of the collector that takes longer than 2 minutes.',
  },
  {
    name: 'MskIamTelemetryDropped',
    means: 'The collector receives telemetry and throws some of it away.',
    ifNobodyActs:
      'Messages are published as before. Traces have holes, and metrics come late, so that alerts do too.',
    promql: `{__name__=~"otelcol_(receiver_refused|exporter_enqueue_failed|exporter_send_failed)_.+"} > 0
otelcol_exporter_queue_size / otelcol_exporter_queue_capacity`,
    trace: 'a trace whose root is missing.',
    codes: [],
    act: 'Enqueue or send failed: the backend behind the exporter is away or slow. Refused: the collector is short of memory; SDKs send again for a while. What it does when: [collector.md](collector.md).',
    falseAlarm:
      'A backend that was restarted: the queue of the collector covers a short time, then it is real.',
  },
]
