import { recent } from './commands.ts'
import type { AlertSection } from './entry.ts'

const FAILED = 'messaging_client_sent_messages_total{error_type!=""}'
const failedMessages = recent(FAILED, 'service_name, error_type', '15m')

export const brokerAlerts: readonly AlertSection[] = [
  {
    name: 'MskIamAuthenticationRefused',
    means: 'A broker has read the token of a service and said no.',
    ifNobodyActs:
      'Connections that are open go on until their session ends, 15 minutes at most; then they are refused too. New processes cannot connect at all, so a deployment or scaling makes it worse.',
    promql: `service:msk_iam_authentication_failures:increase15m
sum by (service_name) (increase(msk_iam_authentication_duration_seconds_count{error_type=""}[15m]))`,
    trace:
      'operation `msk_iam.authenticate`, tag `error.type=<code>`. It has `server.address`, `msk_iam.authentication.kind`, `msk_iam.broker.request_id`. Is it one broker or all, one service or all?',
    codes: [
      'access_denied',
      'invalid_signature',
      'session_too_short',
      'principal_changed',
      'sasl_authentication_failed',
      'listener_without_sasl',
    ],
    falseAlarm:
      'A test that wants to be refused, with the same service name. `invalid_signature` now and then is left out up to two in 15 minutes.',
  },
  {
    name: 'MskIamReauthenticationStorm',
    means: 'A service authenticates far more often than its sessions should need.',
    ifNobodyActs:
      'Messages are still published, but slower; the brokers spend their time on it, and throttle the next who connect.',
    promql: `service:msk_iam_authentications:increase10m
min by (service_name, msk_iam_provider_name) (msk_iam_token_remaining_lifetime_seconds)`,
    trace:
      'operation `msk_iam.authenticate`. `msk_iam.authentication.kind=reauthentication`: sessions are too short. `initial`: clients are made again and again, or connections break.',
    codes: ['listener_without_sasl', 'too_many_connects', 'connection_closed', 'session_too_short'],
    act: 'Sessions are too short: `connections.max.reauth.ms` of the cluster was changed, or the credentials live for a few minutes only. Clients made again and again: find the code that connects for each message, or the process that crashes.',
    falseAlarm:
      'A process with very many clients and brokers: 180 connections of one provider authenticate this often in health.',
  },
  {
    name: 'MskIamConnectionThrottled',
    means: 'Brokers refuse connections of a service because too many are opened in a short time.',
    ifNobodyActs:
      'Usually it ends with the deployment that caused it. If it stays, new processes take minutes to connect, and sends of connections whose session ends wait with them.',
    promql: `service:msk_iam_authentications:increase10m{error_type="too_many_connects"}
topk(5, sum by (service_name) (rate(msk_iam_authentication_duration_seconds_count[5m])))`,
    trace:
      'operation `msk_iam.authenticate`, tag `error.type=too_many_connects`: `server.address` says whether it is one broker.',
    codes: ['too_many_connects'],
    falseAlarm: 'A deployment of many processes: it should be over within minutes after its end.',
  },
  {
    name: 'MskIamPublishFailing',
    means:
      'A service loses so many messages that its budget of a month would be gone in 2 days: more than 1.44 % fail, over 5 minutes and over 1 hour.',
    ifNobodyActs:
      'Messages are lost now, unless the service keeps and repeats them (an outbox). Every minute counts.',
    promql: `${failedMessages}
service:msk_iam_publish_failure:ratio5m`,
    trace:
      'operation `send <topic>`, tag `error.type=<code>`. Is there a failed `msk_iam.authenticate` under it? Then the token or the permission is the cause, else the broker or the network.',
    codes: [
      'access_denied',
      'TOPIC_AUTHORIZATION_FAILED',
      'connection_refused',
      'connection_timeout',
      'request_timeout',
      'delivery_timeout',
      'sts_unreachable',
    ],
    act: "A name in capitals without an entry is Kafka's: see [Kafka's own names](#kafkas-own-names).",
    falseAlarm:
      'A service that publishes little: it takes 10 failed messages in an hour, or 3 in 5 minutes in which none is published, and they may be one faulty sender (`MESSAGE_TOO_LARGE`).',
  },
  {
    name: 'MskIamPublishFailingSlowly',
    means: 'A service loses few messages, but steadily: more than 0.6 % over 30 minutes and over 6 hours.',
    ifNobodyActs: 'The budget of a month (0.1 %) is gone in 5 days. It can wait for the morning.',
    promql: `${failedMessages}
sum by (service_name, messaging_destination_name, error_type) (messaging_client_sent_messages_total{error_type!=""})`,
    trace: 'operation `send <topic>`, tag `error.type=<code>`. One topic, one broker, one kind of message?',
    codes: [
      'partition_unknown',
      'connection_closed',
      'request_timeout',
      'invalid_signature',
      'TOPIC_AUTHORIZATION_FAILED',
    ],
    falseAlarm:
      'What is left of a short outage: the ratio over 6 hours comes down slowly, and the one over 30 minutes ends it.',
  },
  {
    name: 'MskIamPublishSlow',
    means: 'One send in twenty takes longer than a second.',
    ifNobodyActs: 'Nothing is lost. Callers that wait for a send are slow, and queues in the service fill.',
    promql: `histogram_quantile(0.95, sum by (service_name, le) (rate(messaging_client_operation_duration_seconds_bucket{messaging_operation_name="send"}[10m])))
histogram_quantile(0.95, sum by (service_name, le) (rate(msk_iam_token_refresh_duration_seconds_bucket[1h])))
histogram_quantile(0.95, sum by (service_name, le) (rate(msk_iam_authentication_duration_seconds_bucket[1h])))`,
    trace:
      'operation `send <topic>`, minimum duration 1 s. A long `msk_iam.token.refresh` under it: STS is slow. A long `msk_iam.authenticate` without one: the broker is. Neither: the write itself is.',
    codes: ['signer_timeout', 'authentication_timeout', 'too_many_connects', 'request_timeout'],
    act: 'The write itself: look at the CPU of the brokers and at `acks`. The token: the timer should keep it fresh; is `backgroundRefresh` off?',
    falseAlarm: 'Large batches, or `linger` of your own before the send.',
  },
]
