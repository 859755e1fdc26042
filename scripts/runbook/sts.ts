import { canResolve, clock, lines, stsAnswers, stsEndpoint, trustPolicy, whoAmI } from './commands.ts'
import type { Entries } from './entry.ts'

const refreshesPerMinute = `sum by (service_name) (rate(msk_iam_token_refresh_duration_seconds_count[15m])) * 60`

/** What STS says, or does not say. */
export const stsEntries: Entries = {
  base_credentials_expired: {
    sees: { texts: ['The security token included in the request is expired'] },
    causes: [
      'Temporary keys in the environment or in the profile that assumes the role: they end, and nobody renews them there.',
      'The SSO login behind `source_profile` has ended.',
      'A node that has lost its instance role a while ago.',
    ],
    sh: lines(whoAmI, canResolve),
    steps: [
      'Keys of the environment: set new ones and restart. Profiles and instance roles: the next refresh finds the new ones.',
    ],
  },
  base_credentials_invalid: {
    sees: { texts: ['The security token included in the request is invalid.'] },
    causes: [
      'The access key was deleted or made inactive, often by a rotation that did not reach this service.',
      'AWS_SESSION_TOKEN is missing or belongs to other keys.',
      'Keys of another partition (China, GovCloud).',
    ],
    sh: `aws sts get-caller-identity
# whose key it is, asked with credentials that work
aws sts get-access-key-info --access-key-id "$AWS_ACCESS_KEY_ID"
aws iam list-access-keys --user-name orders --query 'AccessKeyMetadata[].[AccessKeyId,Status,CreateDate]' --output text`,
    steps: [
      'A rotation went wrong: make the old key active again first, `aws iam update-access-key --user-name orders --access-key-id AKIA… --status Active`, then rotate in order.',
    ],
  },
  clock_skew: {
    sees: { texts: ['Signature expired: … is now earlier than …'] },
    causes: [
      'Time synchronisation is off or blocked (UDP 123; on EC2 the address 169.254.169.123).',
      'A virtual machine or laptop that slept.',
    ],
    sh: lines(
      clock,
      `# is it kept in time?
timedatectl show -p NTPSynchronized; chronyc tracking`,
    ),
    steps: [
      'A container has the clock of its node: mend or drain the node.',
      'Tokens that were signed with a wrong clock are refused by brokers too. After the clock is right, the next refresh works.',
    ],
  },
  assume_role_denied: {
    sees: { texts: ['User: … is not authorized to perform: sts:AssumeRole on resource: …'] },
    causes: [
      "The role's trust policy does not name this identity. The message of the error names both.",
      'The identity may not call `sts:AssumeRole` on this role.',
      'The trust policy asks for an external id or MFA. The option `awsRoleArn` sends neither: use a profile with `external_id`, or `credentials`.',
      'The role was deleted and made again: trust policies that named it hold its old id, `AROA…`.',
    ],
    sh: lines(
      whoAmI,
      trustPolicy,
      `# the same question, without Kafka
aws sts assume-role --role-arn "$ROLE_ARN" --role-session-name check --query Credentials.Expiration --output text`,
    ),
  },
  sts_throttled: {
    sees: { texts: ['Rate exceeded'] },
    causes: [
      'Very many processes start at once: a deployment, an autoscaling group, functions.',
      'A custom `credentials` provider or `signer` that asks STS for every token.',
      'Something else in the same account and region: the limit is shared.',
    ],
    look: [
      'The query shows refreshes a minute for each service. A process with the timer makes one in 7 to 10 minutes.',
    ],
    promql: refreshesPerMinute,
    steps: [
      'It is asked again by itself, four attempts in 8 s, then after a pause that grows to 30 s.',
      'If tokens are about to end: stop the deployment, or whatever else asks.',
    ],
  },
  sts_unavailable: {
    sees: { texts: ['An internal error has occurred.'] },
    causes: [
      'A disturbance of STS in this region: see https://health.aws.amazon.com/health/status.',
      'A proxy before STS that answers 502 or 503.',
    ],
    sh: stsAnswers,
    steps: [
      'If it lasts longer than your tokens live: set `awsStsRegion` to a region that works, and deploy that.',
    ],
  },
  sts_unreachable: {
    sees: {
      texts: [
        'connect ECONNREFUSED …',
        'getaddrinfo ENOTFOUND …',
        'socket hang up',
        'a request has exceeded the configured 3500 ms requestTimeout',
      ],
    },
    causes: [
      'No way out of the subnet: the route to the NAT or the VPC endpoint of STS is gone, or its security group does not let this subnet in.',
      'The endpoint has no private DNS, or the network uses another name server.',
      'The way out is a proxy: the AWS SDK for JavaScript does not read `HTTPS_PROXY` by itself.',
    ],
    sh: lines(`getent hosts "sts.$AWS_REGION.amazonaws.com"`, stsAnswers, stsEndpoint),
    steps: [
      'Until then: tokens live 15 minutes, and with the timer 5 to 8 of them are left when this begins.',
    ],
  },
  aws_certificate_untrusted: {
    sees: { texts: ['self-signed certificate…'] },
    causes: [
      'A proxy or firewall that opens TLS, and whose CA Node does not know: Node has its own list, not that of the system.',
      'AWS_ENDPOINT_URL_STS, set for tests, has reached this machine.',
      'The clock of the machine is years off.',
    ],
    sh: `# who signed it? Amazon is expected
openssl s_client -connect "sts.$AWS_REGION.amazonaws.com:443" -servername "sts.$AWS_REGION.amazonaws.com" </dev/null 2>/dev/null | openssl x509 -noout -issuer -dates
echo "\${AWS_ENDPOINT_URL_STS:-no AWS_ENDPOINT_URL_STS} \${NODE_EXTRA_CA_CERTS:-no NODE_EXTRA_CA_CERTS}"`,
    steps: ['NODE_EXTRA_CA_CERTS is read when the process starts: restart it.'],
  },
}
