import { canResolve, lines, stsAnswers } from './commands.ts'
import type { Entries } from './entry.ts'

export const tokenEntries: Entries = {
  signer_timeout: {
    sees: { texts: ['No token was made in time: the attempt had … ms'] },
    causes: [
      'A security group or firewall that drops packets for STS or IMDS silently, so that nothing ever answers.',
      'A `credential_process` that asks somebody, or hangs.',
      'A custom `signer` or `credentials` provider without a timeout of its own.',
      'An event loop that is blocked for seconds.',
    ],
    look: [
      'In the trace: `msk_iam.token.sign`, one for each attempt, and the HTTP spans under it. The one that does not end is the cause; no HTTP span means a process or your own code.',
    ],
    sh: lines(`time ${canResolve.split('\n')[1]}`, stsAnswers),
  },
  token_expired: {
    sees: {
      texts: [
        'The token was already over when it was made: the credentials have … s to live',
        'Must supply an unexpired token: now=…ms, exp=…ms',
      ],
      error:
        '`MskIamTokenError`; the second text is what librdkafka says of a token that was handed to it too late',
    },
    causes: [
      'The credentials have ended and cannot be renewed; the AWS SDK hides why. Look for other codes of the same service in the hour before.',
      'A custom signer that gives a duration as `expiryTime`: it takes a point in time, as milliseconds or seconds since 1970.',
      'The clock was set back or forth.',
    ],
    promql: `sum by (service_name, error_type) (msk_iam_token_refresh_failures_total)`,
    sh: canResolve,
  },
  token_malformed: {
    sees: { texts: [] },
    causes: [
      'A custom `signer` that gives the whole object, undefined, or a URL that is not encoded.',
      'A custom `signer` whose package has changed what it returns.',
    ],
    look: ['Did it start with a deployment? Leave `signer` out, if nothing else needs it.'],
  },
  raw_credentials_refused: {
    sees: { texts: [] },
    causes: [
      'A custom `signer` after a published recipe for Lambda that joins key, secret and session token.',
    ],
    look: [
      'Which release brought the signer? An older release of this service, without this library, may have sent the keys.',
    ],
    sh: `# who has used the key lately, and from where?
aws cloudtrail lookup-events --lookup-attributes "AttributeKey=AccessKeyId,AttributeValue=$AWS_ACCESS_KEY_ID" --max-results 20 --query 'Events[].[EventTime,EventSource,EventName,Username]' --output text`,
    steps: ['Tell who is in charge of security, if the keys were ever sent.'],
  },
  token_refused_again: {
    sees: { texts: [] },
    causes: ['A custom `signer` that keeps its token until it ends.'],
    look: [
      'The first failure is another one: the span `msk_iam.authenticate` before it in the same trace has the code of the refusal.',
    ],
    promql: `sum by (service_name, error_type) (msk_iam_authentication_failures_total)`,
  },
  provider_closed: {
    sees: {
      texts: ['The token provider has been closed'],
      error: '`MskIamTokenError`, from a `send` inside `KafkaJSNonRetriableError`',
    },
    causes: [
      '`sasl.close()` comes before `producer.disconnect()` in the shutdown of the service.',
      'Two clients share one `sasl`, and the first to end closes it.',
    ],
    look: [
      'Does it come only while processes end? Then the messages of that moment are lost, and nothing else.',
    ],
    promql: `sum by (service_name) (msk_iam_token_requests_total{msk_iam_token_result="error"})`,
  },
}
