import type { FailureClass } from '../../src/failures/failure-class.ts'

/** Which alerts a code moves, first to last, or why none. */
export interface Moved {
  readonly alerts: readonly string[]
  /** Said after the alerts, or in their place. */
  readonly note?: string
}

const REFRESH = ['MskIamTokenRefreshFailing', 'MskIamTokenExpiring']
const PUBLISH = 'MskIamPublishFailing or MskIamPublishFailingSlowly'
const REFUSED = 'MskIamAuthenticationRefused'
const CONSUMER = 'of a consumer MskIamConsumerEnded or MskIamConsumerCrashing'
const WHEN_THE_TOKEN_ENDS = 'messages fail only when the token has ended'
const NO_METRIC = 'a first `connect()` that fails moves none, since it has no metric'

const ONLY_OUR_SOCKETS = 'a first `connect()` that fails moves them only with `createMskIamConnection`'

const none = (note: string): Moved => ({ alerts: [], note })
const NOT_SENT = none('the message was not sent, and so is not counted. The results of `publish` have it')

const ofArea: Readonly<Record<FailureClass['area'], Moved>> = {
  configuration: none('it is thrown before there is any telemetry. The alerts on your deployment see it'),
  credentials: { alerts: [...REFRESH, 'MskIamCredentialsExpiring'], note: WHEN_THE_TOKEN_ENDS },
  token: { alerts: REFRESH, note: WHEN_THE_TOKEN_ENDS },
  authentication: { alerts: [REFUSED, PUBLISH], note: 'of a consumer MskIamConsumerEnded' },
  connection: { alerts: [PUBLISH], note: `${CONSUMER}; ${NO_METRIC}` },
  authorization: { alerts: [PUBLISH], note: 'of a consumer MskIamConsumerEnded' },
  publishing: { alerts: [PUBLISH] },
}

const ofCode: Readonly<Record<string, Moved>> = {
  package_missing: { alerts: REFRESH },
  credentials_expiry_unknown: none('it is a warning; tokens are made'),
  provider_closed: { alerts: [PUBLISH], note: 'no refresh has failed' },
  too_many_connects: { alerts: ['MskIamConnectionThrottled', PUBLISH] },
  session_too_short: {
    alerts: ['MskIamCredentialsExpiring', REFUSED, PUBLISH],
    note: 'the first only where the credentials say when they end',
  },
  invalid_signature: { alerts: [REFUSED, PUBLISH], note: 'from the third in 15 minutes on' },
  sasl_mechanism_unsupported: { alerts: [REFUSED, PUBLISH], note: ONLY_OUR_SOCKETS },
  listener_without_sasl: { alerts: ['MskIamReauthenticationStorm', REFUSED], note: ONLY_OUR_SOCKETS },
  authentication_timeout: {
    alerts: [PUBLISH],
    note: `${REFUSED} leaves it out, since no broker has refused`,
  },
  client_erroneous_state: none('confluent clients are not instrumented'),
  plaintext_to_tls_port: none('the failed connect has no metric'),
  tls_handshake_timeout: none('the failed connect has no metric'),
  message_invalid: NOT_SENT,
  earlier_message_failed: none(
    'it was not sent, and so is not counted. The failure of the earlier message is, where that one was sent',
  ),
  publisher_busy: NOT_SENT,
  publisher_not_connected: none('it is thrown to the caller, and nothing is sent'),
  topics_missing: none('it is thrown by `connect()`, and nothing is sent'),
  health_check_timeout: none('it is in the answer of `healthCheck`'),
  transaction_outcome_unknown: none('the sends were answered, and the commit has no metric'),
  _OTHER: none(`of itself. By what failed MskIamTokenRefreshFailing, ${REFUSED}, ${PUBLISH}, ${CONSUMER}`),
  "Kafka's own names": { alerts: [PUBLISH], note: CONSUMER },
}

/** Trying again is what it is about, so retries are counted before anything fails. */
const RETRIES = 'MskIamSignerRetriesRising'

export function movedBy({ code, area, retriable }: Pick<FailureClass, 'code' | 'area' | 'retriable'>): Moved {
  const moved = ofCode[code] ?? ofArea[area]
  const retried = retriable && moved.alerts.includes('MskIamTokenRefreshFailing')
  return retried ? { ...moved, alerts: [RETRIES, ...moved.alerts] } : moved
}

export const codesWithAlertsOfTheirOwn: readonly string[] = Object.keys(ofCode)
