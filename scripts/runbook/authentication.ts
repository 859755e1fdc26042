import {
  bootstrap,
  brokerCpu,
  clock,
  clusterState,
  iamEnabled,
  lines,
  simulate,
  tooManyConnections,
  whoAmI,
} from './commands.ts'
import type { Entries } from './entry.ts'

const connectAllowed = simulate('kafka-cluster:Connect', '$CLUSTER_ARN', '')
const clusterPolicy = `# the policy of the cluster itself, which counts for other accounts
aws kafka get-cluster-policy --cluster-arn "$CLUSTER_ARN" --query Policy --output text`
const byKind = '`msk_iam.authentication.kind` `reauthentication`'

export const authenticationEntries: Entries = {
  access_denied: {
    sees: {
      texts: ['[…]: Access denied'],
      error:
        '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED, code 58; from a `send` inside `KafkaJSNonRetriableError`. Not one attempt more is made',
    },
    causes: [
      'The policy of the role was changed, or never had `kafka-cluster:Connect` for this cluster. ARNs of clusters end in an id that is new with every cluster.',
      'The process has another identity than you think: the role of the node in place of that of the pod.',
      'Another account: the policy of the cluster must name the role too.',
      'A boundary or service control policy, changed by somebody else.',
    ],
    look: [
      'Did it work an hour ago? `msk_iam.authentication.kind` is then `reauthentication`: something was changed. CloudTrail has who changed policies.',
    ],
    sh: lines(whoAmI, connectAllowed, clusterPolicy),
    steps: [
      'A change of a policy works at the next authentication, within seconds to a minute. Producers go on by themselves; a consumer that has ended needs a restart.',
    ],
  },
  invalid_signature: {
    sees: {
      texts: ['[…]: Invalid authentication payload'],
      error:
        '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED; inside `KafkaJSNumberOfRetriesExceeded` when all tries were refused',
    },
    causes: [
      'Now and then a single one: nothing is wrong, and the next try works (aws-sdk-net #4254).',
      'All of one service: `region` is not that of the cluster.',
      'The credentials have ended, or were rotated, and the process still has the old ones.',
      'All of one machine: its clock.',
    ],
    look: [
      'One service, one machine, or all? The query says which. If the hint begins with `The broker is in …`, it is the region.',
    ],
    promql: `sum by (service_name, service_instance_id, cloud_region) (msk_iam_authentication_failures_total{error_type="invalid_signature"})`,
    sh: lines(clock, whoAmI),
  },
  session_too_short: {
    sees: {
      texts: ['[…]: Session too short'],
      error:
        '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED; inside `KafkaJSNumberOfRetriesExceeded` when all tries were refused',
    },
    causes: [
      'Credentials of the environment or of a custom provider that are about to end, and are not renewed.',
      'A role session of 15 minutes, the shortest there is, renewed at its very end.',
    ],
    promql: 'min by (service_name, msk_iam_provider_name) (msk_iam_credentials_remaining_lifetime_seconds)',
    sh: `# how long may a session of the role be, in seconds?
aws iam get-role --role-name "\${ROLE_ARN##*/}" --query Role.MaxSessionDuration`,
    steps: [
      'Credentials are resolved anew after a refusal, at most once in 30 s. If that does not help, their source hands out old ones: restart it, or the process.',
    ],
  },
  principal_changed: {
    sees: {
      texts: ['[…]: Cannot change principals during re-authentication from …: …'],
      error: '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED. The message names both identities',
    },
    causes: [
      'A custom `credentials` provider or `signer` that makes up a session name each time: `aws-sdk-js-session-<time>`.',
      'The profile or role of a running process was changed.',
      'Two sources of credentials that take turns, because the first fails now and then.',
    ],
    look: [
      `The spans have ${byKind}. \`msk_iam.credentials.source\` of the refreshes before and after says whether the source has changed.`,
    ],
    sh: whoAmI,
    steps: [
      'Each time costs one connection and no message. With this library alone it does not happen: session names are fixed.',
    ],
  },
  too_many_connects: {
    sees: {
      texts: ['[…]: Too many connects'],
      error:
        '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED; inside `KafkaJSNumberOfRetriesExceeded` when all tries were refused',
    },
    causes: [
      'A deployment or scaling that starts very many processes at once.',
      'A client for each request or each message: in functions, or in code that connects and disconnects.',
      'A crash loop, or sessions that are so short that everybody authenticates all the time.',
      'Small brokers: AWS allows 100 new connections a second for each broker, 4 for t3.small.',
    ],
    promql: 'sum by (service_name) (rate(msk_iam_authentication_duration_seconds_count[5m]))',
    look: [
      'The query shows authentications a second for each service. The service at the top is where to begin.',
    ],
    sh: tooManyConnections,
    steps: [
      'Stop the deployment and go on in smaller steps. Nothing is lost meanwhile: sends wait, and connecting is slowed down to one at a time for each process and broker.',
    ],
  },
  oauthbearer_error: {
    sees: {
      texts: ['The broker answered the token with an OAuth error: status …'],
      error: '`MskIamAuthenticationError`; kafkajs alone takes this answer for a success',
    },
    causes: [
      'The address is a Kafka with an OAuth provider of its own, such as Keycloak; not MSK.',
      'A proxy for Kafka that answers in place of the broker.',
    ],
    sh: lines(bootstrap, iamEnabled),
  },
  sasl_authentication_failed: {
    sees: {
      texts: ['[…]: …', 'SASL OAUTHBEARER authentication failed: […'],
      error:
        '`KafkaJSProtocolError`, type SASL_AUTHENTICATION_FAILED, with what the broker says; the second text is that of kafkajs without this library',
    },
    causes: ['MSK has said something that this library does not know.', 'A Kafka that is not MSK.'],
    look: [
      "The broker's words are in the line `[Connection] Response SaslAuthenticate(key: 36, version: 1)` of kafkajs's log, in the field `error`, and in the message of the error.",
    ],
    sh: lines(whoAmI, connectAllowed),
    steps: ['Please open an issue with the text, without the request id and ARNs.'],
  },
  sasl_mechanism_unsupported: {
    sees: {
      texts: [
        'The broker does not support the requested SASL mechanism',
        'SASL OAUTHBEARER mechanism is not supported by the server',
      ],
      error:
        '`KafkaJSProtocolError`, type UNSUPPORTED_SASL_MECHANISM, code 33; the second text `KafkaJSSASLAuthenticationError`. No token is asked for',
    },
    causes: [
      'The port of SCRAM: 9096 or 9196.',
      'IAM access control is not switched on, or has been switched off.',
    ],
    sh: lines(bootstrap, iamEnabled),
  },
  listener_without_sasl: {
    sees: {
      texts: [
        'Request is not valid given the current SASL state',
        'The broker did not expect a SASL exchange now',
      ],
      error:
        'at the first connect `KafkaJSProtocolError`, type ILLEGAL_SASL_STATE, code 34; later `MskIamAuthenticationError`, with the second text',
    },
    causes: [
      'It has never worked: the port is 9092 or 9094.',
      'It works, and this comes now and then: sessions are shorter than `reauthenticationThreshold` (10 s), so that kafkajs authenticates all the time.',
    ],
    look: [`${byKind} on the span says that it is the second cause.`],
    promql: 'sum by (service_name) (rate(msk_iam_authentication_duration_seconds_count[5m]))',
    sh: bootstrap,
  },
  authentication_timeout: {
    sees: {
      texts: [
        'Request SaslAuthenticate(key: 36, version: 1) timed out',
        'The broker did not answer the authentication within … ms',
      ],
      error:
        '`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSRequestTimeoutError`, or by `KafkaJSConnectionError` where `authenticationTimeout` has ended it',
    },
    causes: [
      'A broker that is overloaded: most often one, and the others answer.',
      'A connection that died without a word: a NAT gateway or a firewall that has forgotten it, a broker that stands still.',
    ],
    look: ['`server.address` of the spans: always the same broker?'],
    sh: lines(brokerCpu, clusterState),
    steps: [
      'The connection is closed after it, and the next try opens another. One broker for longer than 15 minutes: AWS support.',
    ],
  },
  client_erroneous_state: {
    sees: {
      texts: ['Error Code -172: Local: Erroneous state'],
      error: 'an error of @confluentinc/kafka-javascript; kafkajs never says it',
      line: 'none',
    },
    causes: [
      'Several confluent clients that connect at the same time in one process.',
      'A client that is used before `connect()` has ended.',
    ],
    look: [
      'In the code: `await` each `connect()` before the next. It does not come from AWS or the cluster.',
    ],
  },
}
