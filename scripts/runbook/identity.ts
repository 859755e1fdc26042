import { awsVariables, canResolve, lines, trustPolicy, webIdentityClaims, whoAmI } from './commands.ts'
import type { Entries } from './entry.ts'

/** Where the process has its credentials from. */
export const identityEntries: Entries = {
  credentials_not_found: {
    sees: {
      texts: [
        'Could not load credentials from any providers',
        'Unable to find environment variable credentials.',
      ],
    },
    causes: [
      'The pod, task or machine has no role: the service account was changed, the task definition lost its `taskRoleArn`, the instance its profile.',
      'A container on EC2 that cannot reach the metadata service: the hop limit is 1.',
      'On a laptop: AWS_PROFILE is not exported to this process.',
    ],
    sh: lines(
      awsVariables,
      canResolve,
      `# EC2: does the metadata service answer, and is there a role?
T=$(curl -s --max-time 2 -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
curl -s --max-time 2 -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/iam/security-credentials/`,
    ),
    steps: [
      'A restart is not needed for IMDS and profiles: the next refresh asks again. Environment variables need one.',
    ],
  },
  credentials_endpoint_unavailable: {
    sees: { texts: ['Could not load credentials from any providers'] },
    causes: [
      'The process started before the agent: it passes within seconds.',
      'EKS: the Pod Identity agent does not run on this node.',
      'ECS: the task has no `taskRoleArn`, or the agent of the machine is overloaded.',
      'A network policy or firewall that blocks 169.254.170.2 (ECS) or 169.254.170.23 (EKS).',
    ],
    sh: `# 200 is well; nothing secret is printed
curl -s -o /dev/null -w '%{http_code}\\n' --max-time 3 \${AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:+-H "Authorization: $(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")"} "\${AWS_CONTAINER_CREDENTIALS_FULL_URI:-http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}"
# EKS Pod Identity
kubectl -n kube-system get daemonset eks-pod-identity-agent
aws eks list-pod-identity-associations --cluster-name my-cluster --query 'associations[].[namespace,serviceAccount]' --output text`,
    steps: [
      'One node only: drain it. All: mend the agent or the task role; the next refresh works by itself.',
    ],
  },
  credentials_incomplete: {
    sees: { texts: ['Could not load credentials from any providers'] },
    causes: [
      'A secret that was mounted or rotated by half: one variable is empty.',
      'The role of the machine is gone too: the AWS SDK passes over half a pair, and has found nothing else.',
    ],
    sh: `# says set or empty, never the value
for v in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do [ -n "\${!v}" ] && echo "$v set" || echo "$v empty"; done`,
    steps: ['The environment of a process does not change while it runs: restart it.'],
  },
  credential_process_failed: {
    sees: { texts: ['The credential_process of the profile failed'] },
    causes: [
      'The command is not installed, or not on the PATH of this user.',
      'Its own login has ended.',
      'It printed something that is not the JSON that AWS wants: `Version` 1, AccessKeyId, SecretAccessKey.',
    ],
    sh: `# as the user of the service; its output can hold secrets, so only its status is shown
aws configure get credential_process --profile orders
sh -c "$(aws configure get credential_process --profile orders)" >/dev/null 2>&1; echo "exit $?"`,
  },
  profile_not_found: {
    sees: {
      texts: [
        'Could not resolve credentials using profile: […] in configuration/credentials file(s).',
        'Could not load credentials from any providers',
      ],
    },
    causes: [
      'The service runs as another user, with another HOME.',
      'The profile is written wrongly, or only in the file of another machine.',
      'The profile is there, but has no source of credentials in it.',
    ],
    sh: `echo "$HOME \${AWS_PROFILE:-no AWS_PROFILE} \${AWS_CONFIG_FILE:-} \${AWS_SHARED_CREDENTIALS_FILE:-}"
# the profiles that there are
grep -h '^\\[' "\${AWS_CONFIG_FILE:-$HOME/.aws/config}" "\${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}"
aws configure list --profile orders`,
  },
  sso_session_expired: {
    sees: {
      texts: [
        'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
        'The SSO session associated with this profile is invalid. To refresh this SSO session run aws sso login with the corresponding profile.',
        "… To refresh this SSO session run 'aws sso login' with the corresponding profile.",
        'UnauthorizedException: Session token not found or invalid',
      ],
    },
    causes: [
      "A person's login has run out, mostly after 8 to 12 hours. SSO is for laptops: a service should have a role.",
      'Somebody has ended the session in the portal.',
    ],
    sh: `aws sts get-caller-identity --profile orders`,
  },
  web_identity_token_missing: {
    sees: { texts: ["ENOENT: no such file or directory, open '…'"] },
    causes: [
      'The pod was started before its service account was annotated: the webhook only changes new pods.',
      'The variable was copied into a container that does not mount the token.',
    ],
    sh: `ls -l "$AWS_WEB_IDENTITY_TOKEN_FILE"
kubectl get serviceaccount orders -o jsonpath='{.metadata.annotations.eks\\.amazonaws\\.com/role-arn}'
kubectl get pod "$HOSTNAME" -o jsonpath='{.spec.serviceAccountName} {.spec.volumes[*].name}'`,
    steps: ['Restart the pods: `kubectl rollout restart deployment/orders`.'],
  },
  web_identity_token_expired: {
    sees: { texts: ['Token expired: current date/time must be before the expiration date/time'] },
    causes: [
      'The kubelet of this node does not renew the file: the node is not ready, or its disk is full.',
      'The token was copied into the image, a secret or a variable once.',
      'The clock of the node is wrong.',
    ],
    sh: lines(
      webIdentityClaims,
      `# is the file renewed?
ls -lL "$AWS_WEB_IDENTITY_TOKEN_FILE"; date -u`,
    ),
    steps: ['One node only: drain it. The file is read again by each attempt, so no restart is needed.'],
  },
  web_identity_denied: {
    sees: { texts: ['Not authorized to perform sts:AssumeRoleWithWebIdentity'] },
    causes: [
      'The trust policy names another namespace or service account: `system:serviceaccount:<namespace>:<name>`.',
      'A new cluster: its OIDC provider is not in the trust policy.',
      'The audience in the trust policy is not `sts.amazonaws.com`.',
    ],
    sh: lines(webIdentityClaims, trustPolicy),
    steps: [
      'Compare `iss`, `aud` and `sub` of the token with the conditions of the trust policy, letter by letter.',
    ],
  },
  web_identity_token_invalid: {
    sees: { texts: ['No OpenIDConnect provider found in your account for …'] },
    causes: [
      'A new cluster whose OIDC provider nobody has registered in the account of the role.',
      'The role is in another account than the provider.',
    ],
    sh: lines(
      `aws eks describe-cluster --name my-cluster --query cluster.identity.oidc.issuer --output text
aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[].Arn' --output text`,
      webIdentityClaims,
    ),
    steps: [
      'Register it: `aws iam create-open-id-connect-provider --url <issuer> --client-id-list sts.amazonaws.com`.',
    ],
  },
  credentials_expiry_unknown: {
    sees: {
      texts: [],
      error:
        "none: tokens are made. The sentence and the cure of this entry are one warning on OpenTelemetry's `diag`",
      line: 'none',
    },
    causes: [
      'AWS_SESSION_TOKEN in the environment without AWS_CREDENTIAL_EXPIRATION: pasted from a console, or set by a CI job.',
      'A custom `credentials` provider that gives no `expiration`.',
    ],
    look: [
      'Not urgent by itself. But when these keys end, brokers refuse tokens that claim to live: [`session_too_short`](#session_too_short), [`invalid_signature`](#invalid_signature).',
    ],
    sh: whoAmI,
  },
}
