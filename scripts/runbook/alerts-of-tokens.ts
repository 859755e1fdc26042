import { recent } from './commands.ts'
import type { AlertSection } from './entry.ts'

export const tokenAlerts: readonly AlertSection[] = [
  {
    name: 'MskIamTokenRefreshFailing',
    means: 'A service cannot get new tokens; publishing still works with the old one.',
    ifNobodyActs:
      'Publishing and consuming go on until the token ends, then every `send` fails. A token lives 15 minutes at most. With the timer 5 to 8 minutes are left at the first failure, and some of them are gone when this fires; the description says how many. Without the timer (`backgroundRefresh: false`, Lambda) the token is at its end already.',
    promql: `service:msk_iam_token_refresh_failures:increase15m
min by (service_name, msk_iam_provider_name) (msk_iam_token_remaining_lifetime_seconds)`,
    trace:
      'operation `msk_iam.token.refresh`, tag `error.type=<code>`. Under it one `msk_iam.token.sign` for each attempt, and under that the requests to STS or IMDS. It has `msk_iam.failure.hint`, `msk_iam.credentials.source`.',
    codes: [
      'sts_unreachable',
      'sts_unavailable',
      'assume_role_denied',
      'web_identity_token_expired',
      'base_credentials_expired',
      'credentials_endpoint_unavailable',
      'signer_timeout',
      'token_expired',
    ],
    falseAlarm:
      'Hardly ever: it takes three failures in a row, or one when the token is near its end. Credentials that cannot be renewed while the old ones still sign count too: then `msk_iam_credentials_remaining_lifetime_seconds` says how long that goes well.',
  },
  {
    name: 'MskIamTokenExpiring',
    means: 'The token in hand is about to end and was not renewed in time.',
    ifNobodyActs:
      'When it reaches 0, less than 4.5 minutes from now, the next authentication has no token: `send` fails, consumers end. 0 from the start means that a first refresh failed: nothing works now.',
    promql: `min by (service_name, service_instance_id, msk_iam_provider_name) (msk_iam_token_remaining_lifetime_seconds)
service:msk_iam_token_refresh_failures:increase15m`,
    trace:
      'operation `msk_iam.token.refresh` of this service, newest first. Where it has an `error.type`, follow that. No refresh at all in 10 minutes: see MskIamTokenNotRefreshed.',
    codes: ['sts_unreachable', 'signer_timeout', 'token_expired', 'access_denied', 'session_too_short'],
    falseAlarm:
      'A process that was frozen (a laptop, a paused container): it recovers with its first request. The short tokens of short credentials are none: the limit is a share of their life, 30 %.',
  },
  {
    name: 'MskIamTokenNotRefreshed',
    means:
      'A process lets its token run out without one attempt to renew it, although it has a timer for that.',
    ifNobodyActs:
      'Less than a quarter of the life of the token is left, under 4 minutes. It may work for longer, since a `send` asks for a token itself; but a process that cannot run a timer can hardly send.',
    promql: `min by (service_name, service_instance_id) (msk_iam_token_remaining_lifetime_seconds)
sum by (service_name, service_instance_id) (msk_iam_token_refresh_duration_seconds_count)`,
    trace:
      'no `msk_iam.token.refresh` of this process: that is the point. Look at the CPU of the process and its event loop.',
    codes: ['provider_closed', 'signer_timeout'],
    act: 'Restart the process. If it comes back, take a CPU profile first: `kill -USR1` and `node inspect` on the machine. Something blocks the event loop for minutes, or the process is frozen by its machine.',
    falseAlarm:
      'A runtime that freezes processes between requests, such as Cloud Run or a function outside AWS: set `backgroundRefresh: false`, and this rule leaves it out.',
  },
  {
    name: 'MskIamCredentialsExpiring',
    means: 'The AWS credentials behind the tokens are about to end, and their source has no newer ones.',
    ifNobodyActs: 'Tokens end with the credentials: in 4 minutes at most nothing is published any more.',
    promql: `min by (service_name, msk_iam_provider_name) (msk_iam_credentials_remaining_lifetime_seconds)
service:msk_iam_token_refresh_failures:increase15m`,
    trace:
      'operation `msk_iam.token.refresh`, tag `error.type=<code>`; `msk_iam.credentials.source` says where the credentials come from.',
    codes: [
      'base_credentials_expired',
      'sso_session_expired',
      'assume_role_denied',
      'credentials_endpoint_unavailable',
      'session_too_short',
    ],
    falseAlarm:
      'A source that renews very late, in the last 2 minutes. A job that was given short keys on purpose and ends with them.',
  },
  {
    name: 'MskIamSignerRetriesRising',
    means: 'Tokens are made, but only after several attempts.',
    ifNobodyActs:
      'Nothing yet. It is how an outage of STS or of the metadata service begins, and a `send` that has to wait for a token is slower.',
    promql: recent('msk_iam_signer_retries_total', 'service_name, error_type', '30m'),
    trace:
      'operation `msk_iam.token.refresh`, tag `msk_iam.signer.attempts=2` (or 3, 4): the `msk_iam.token.sign` spans that failed have the code.',
    codes: [
      'sts_throttled',
      'sts_unavailable',
      'sts_unreachable',
      'credentials_endpoint_unavailable',
      'signer_timeout',
    ],
    falseAlarm: 'A deployment of very many processes at once: STS throttles for a minute.',
  },
]
