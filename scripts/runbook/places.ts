import type { FailureClass } from '../../src/failures/failure-class.ts'

type Area = FailureClass['area']

/** Where a failure can be seen. */
export interface Places {
  readonly spans: string
  readonly metrics: string
  /** The line in the log of kafkajs, and the log record of OpenTelemetry. */
  readonly logs: (seen: { readonly line: string; readonly text: string }) => string
  /** The counter with its `error_type`, as the collector writes it, and by what to sum it. */
  readonly counter?: { readonly name: string; readonly by: string }
}

const SENDING =
  'for a `send`, the `error.type` of `messaging.client.operation.duration` and `messaging.client.sent.messages`'
const messages = {
  name: 'messaging_client_sent_messages_total',
  by: 'service_name, messaging_destination_name',
}

const makingTokens: Places = {
  spans:
    '`msk_iam.token.sign`, `msk_iam.token.refresh`, and above them `msk_iam.authenticate` and `msk_iam.connect` or `send` if they waited for the token',
  metrics:
    '`msk_iam.token.refresh.failures`, `msk_iam.token.refresh.duration`, `msk_iam.token.refresh.consecutive_failures`',
  logs: ({ line }) => `${line}, with \`provider\`; record \`msk_iam.token.refresh.failed\``,
  counter: { name: 'msk_iam_token_refresh_failures_total', by: 'service_name, msk_iam_provider_name' },
}
const exchanging: Places = {
  spans:
    '`msk_iam.authenticate`, with `server.address` and, where the broker gave one, `msk_iam.broker.request_id`; and the `msk_iam.connect` or `send` above it',
  metrics: '`msk_iam.authentication.failures`, `msk_iam.authentication.duration`',
  logs: ({ line }) =>
    `${line}, with \`broker\` and, where there is one, \`requestId\`; record \`msk_iam.authentication.failed\``,
  counter: { name: 'msk_iam_authentication_failures_total', by: 'service_name, msk_iam_provider_name' },
}
const beforeTheExchange: Places = {
  spans: '`msk_iam.connect`, with `server.address`, or the `send` that opened the connection',
  metrics: SENDING,
  logs: ({ text }) =>
    `\`[Connection] ${text}\`, then \`[BrokerPool]\` with the same text. Both are kafkajs's own: no code, no record`,
  counter: messages,
}
const connecting: Places = {
  ...beforeTheExchange,
  spans: `${beforeTheExchange.spans}; \`msk_iam.authenticate\` too if it broke during the exchange`,
  metrics: `${SENDING}; \`msk_iam.authentication.failures\` if it broke during the exchange`,
  logs: (seen) =>
    `${beforeTheExchange.logs(seen)}; \`msk_iam.authentication.failed\` if it broke during the exchange`,
}
const ofRequests: Places = {
  spans: '`send` or `process`, in which the request was refused',
  metrics: `${SENDING}; of a consumer \`msk_iam.consumer.crashes\``,
  logs: ({ text }) =>
    `\`[Connection] Response Metadata\` (or another request), with \`error\` "${text}": kafkajs's own line. Of a consumer that ends, the record \`msk_iam.consumer.crashed\``,
  counter: messages,
}
const inResults: Places = {
  spans: '`send`',
  metrics: SENDING,
  logs: () => "none; it is in the result of the message, for your service's own log",
  counter: messages,
}
/** The message never left the process, and so is not counted as sent. */
const beforeSending: Places = {
  ...inResults,
  metrics: 'the `error.type` of `messaging.client.operation.duration`',
  counter: { name: 'messaging_client_operation_duration_seconds_count', by: messages.by },
}
const nowhere = (logs: string): Places => ({ spans: 'none', metrics: 'none', logs: () => logs })

const placesOfArea: Readonly<Record<Area, Places>> = {
  configuration: nowhere(
    'none; it is thrown by `createMskIamSasl`, `createMskIamConnection` or `KafkaPublisher`',
  ),
  credentials: makingTokens,
  token: makingTokens,
  connection: connecting,
  authentication: exchanging,
  authorization: ofRequests,
  publishing: inResults,
}

const thrownByThePublisher = nowhere('none; it is thrown by `KafkaPublisher`')
const onlyOurSockets: Places = {
  spans: '`msk_iam.connect`, only with both `createMskIamConnection` and `instrumentKafka`',
  metrics: 'none',
  logs: beforeTheExchange.logs,
}

/** The first connect fails before kafkajs calls the provider; only sockets of ours see it then. */
const atTheHandshake: Places = {
  ...exchanging,
  spans:
    '`msk_iam.authenticate`, at the first connect only with `createMskIamConnection`, and what is above it',
}

/** Where a code is seen elsewhere than the others of its area. */
const placesOfCode: Readonly<Record<string, Places>> = {
  message_invalid: beforeSending,
  earlier_message_failed: beforeSending,
  publisher_busy: beforeSending,
  callback_timeout: { ...thrownByThePublisher, spans: '`msk_iam.connect`, `msk_iam.transaction`' },
  publisher_not_connected: thrownByThePublisher,
  topics_missing: thrownByThePublisher,
  health_check_timeout: nowhere('none; it is in the answer of `healthCheck`'),
  transaction_outcome_unknown: { ...thrownByThePublisher, spans: '`msk_iam.transaction`' },
  package_missing: makingTokens,
  credentials_expiry_unknown: nowhere("one warning on OpenTelemetry's `diag` for each provider"),
  provider_closed: {
    spans: 'those of the callers that waited',
    metrics: '`msk_iam.token.requests` with the result `error`',
    logs: ({ text }) => `\`[BrokerPool] ${text} …\`, kafkajs's own; no record`,
  },
  sasl_mechanism_unsupported: atTheHandshake,
  listener_without_sasl: atTheHandshake,
  client_erroneous_state: nowhere('none; it is here for `classifyFailure`'),
  plaintext_to_tls_port: onlyOurSockets,
  tls_handshake_timeout: onlyOurSockets,
}

export const placesOf = ({ code, area }: FailureClass): Places => placesOfCode[code] ?? placesOfArea[area]

export const codesWithPlacesOfTheirOwn: readonly string[] = Object.keys(placesOfCode)

/** What is caught, where the entry does not say otherwise. */
export const errorOfArea: Readonly<Record<Area, string>> = {
  configuration: '`MskIamConfigurationError`',
  credentials: '`MskIamTokenError`, alone or inside an error of kafkajs',
  token: '`MskIamTokenError`, alone or inside an error of kafkajs',
  connection: '`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSConnectionError`',
  authentication: '`KafkaJSProtocolError`',
  authorization: '`KafkaJSProtocolError`',
  publishing: '`KafkaPublishError`',
}
