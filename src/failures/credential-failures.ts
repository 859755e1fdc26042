import type { FailureClass } from './failure-class.ts'

/** Where the process gets its AWS credentials from: environment, profile, SSO, web identity file, metadata endpoint. */
export const credentialFailures: readonly FailureClass[] = [
  {
    code: 'credentials_not_found',
    area: 'credentials',
    title: 'No AWS credentials were found',
    hint: 'Give the process an identity: a task or pod role, an instance profile, AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [
      { message: /Could not load credentials from any providers/ },
      { message: /Unable to find environment variable credentials/ },
      { message: /AWS credentials cannot be empty/ },
    ],
  },
  {
    code: 'credentials_endpoint_unavailable',
    area: 'credentials',
    title: 'The endpoint that gives this machine its credentials did not answer',
    hint: 'It often passes by itself, above all at start-up. Else check the ECS task role, the EKS Pod Identity agent, or the instance profile and the hop limit of its metadata service.',
    retriable: true,
    evidence: 'reproduced',
    patterns: [],
  },
  {
    code: 'credentials_incomplete',
    area: 'credentials',
    title: 'Only half of the AWS key pair is in the environment',
    hint: 'Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary keys; or none of them.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [],
  },
  {
    code: 'credential_process_failed',
    area: 'credentials',
    title: 'The credential_process of the profile failed',
    hint: 'Run the command of the profile by hand, as the user of the service. What it printed is not repeated here: it may hold secrets.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [
      { phase: 'token', message: /credential_process returned|credential_process did not return/ },
      { phase: 'token', message: /^Command failed: / },
    ],
  },
  {
    code: 'profile_not_found',
    area: 'credentials',
    title: 'The AWS profile could not be resolved',
    hint: 'Check `awsProfile` (or AWS_PROFILE) against ~/.aws/config and ~/.aws/credentials, as the user that runs the service.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [{ message: /Could not resolve credentials using profile/ }],
  },
  {
    code: 'sso_session_expired',
    area: 'credentials',
    title: 'The SSO session of the profile has ended',
    hint: 'Run `aws sso login --profile <profile>`; the next refresh picks the new session up without a restart.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [
      { message: /SSO session associated with this profile (is invalid|has expired)/ },
      { message: /aws sso login/ },
      { phase: 'token', message: /^UnauthorizedException: / },
    ],
  },
  {
    code: 'web_identity_token_missing',
    area: 'credentials',
    title: 'The web identity token file could not be read',
    hint: 'AWS_WEB_IDENTITY_TOKEN_FILE names a file that is not there: check that the service account is annotated with the role and that the pod was started after that.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [{ phase: 'token', code: 'ENOENT', message: /no such file or directory, open/ }],
  },
]
