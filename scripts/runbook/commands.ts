/** Commands that several entries have. None prints a secret. */

export const whoAmI = `# which identity the process has
aws sts get-caller-identity`

export const canResolve = `# whether the credentials can be resolved; prints when they end, and no secret
node -e "import('@aws-sdk/credential-providers').then(async (m) => console.log((await m.fromNodeProviderChain()()).expiration ?? 'found, without an expiry'))"`

export const awsVariables = `# which variables of AWS the process has; names only
env | grep -o '^AWS_[A-Z_]*'`

export const stsAnswers = `# does the STS of the region answer, and how fast? Any status is an answer
curl -s -o /dev/null -w '%{http_code} %{time_total}s\\n' --max-time 5 "https://sts.$AWS_REGION.amazonaws.com/"`

export const stsEndpoint = `# the VPC endpoint of STS, if this network has no other way out
aws ec2 describe-vpc-endpoints --filters "Name=service-name,Values=com.amazonaws.$AWS_REGION.sts" --query 'VpcEndpoints[].[VpcEndpointId,State,PrivateDnsEnabled,VpcId]' --output text`

export const trustPolicy = `# who may assume the role
aws iam get-role --role-name "\${ROLE_ARN##*/}" --query 'Role.AssumeRolePolicyDocument'`

export const webIdentityClaims = `# what the token of the service account says: iss, aud, sub, exp
node -p "JSON.parse(Buffer.from(require('fs').readFileSync(process.env.AWS_WEB_IDENTITY_TOKEN_FILE, 'utf8').split('.')[1], 'base64url'))"`

export const clock = `# the clock of this machine, and that of AWS
date -u; curl -sI "https://sts.$AWS_REGION.amazonaws.com/" | grep -i '^date:'`

export const resolves = `# what the name is here: private addresses of the VPC are expected
getent hosts "$BROKER" || dig +short "$BROKER"`

export const reaches = `# does anything listen? bash alone is enough
timeout 5 bash -c "</dev/tcp/$BROKER/9098" && echo open`

export const certificate = `# which certificate answers
openssl s_client -connect "$BROKER:9098" -servername "$BROKER" </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName`

export const bootstrap = `# host and port of the IAM listener
aws kafka get-bootstrap-brokers --cluster-arn "$CLUSTER_ARN" --query '[BootstrapBrokerStringSaslIam,BootstrapBrokerStringPublicSaslIam]' --output text`

export const iamEnabled = `# is IAM access control on?
aws kafka describe-cluster-v2 --cluster-arn "$CLUSTER_ARN" --query 'ClusterInfo.[State,Provisioned.ClientAuthentication.Sasl.Iam.Enabled,Serverless.ClientAuthentication.Sasl.Iam.Enabled]' --output text`

export const clusterState = `# is the cluster well, or being changed?
aws kafka describe-cluster-v2 --cluster-arn "$CLUSTER_ARN" --query 'ClusterInfo.State' --output text
aws kafka list-cluster-operations-v2 --cluster-arn "$CLUSTER_ARN" --max-results 5 --query 'ClusterOperationInfoList[].[OperationType,OperationState,StartTime]' --output text`

/** Of the role behind the session; a resource is an expression of bash. */
export const simulate = (actions: string, resource: string, what: string): string =>
  `# what IAM says, with boundaries and service control policies, but without the cluster's own policy${what}
aws iam simulate-principal-policy --policy-source-arn "$ROLE_ARN" --action-names ${actions} --resource-arns "${resource}" --query 'EvaluationResults[].[EvalActionName,EvalDecision]' --output text`

/** From the ARN of the cluster to that of something in it. */
export const arnIn = (kind: 'topic' | 'group' | 'transactional-id', name: string): string =>
  `\${CLUSTER_ARN/:cluster/:${kind}}/${name}`

export const brokerCpu = `# is this broker busy? One value for each broker id
aws cloudwatch get-metric-statistics --namespace AWS/Kafka --metric-name CpuUser --dimensions 'Name=Cluster Name,Value=orders' 'Name=Broker ID,Value=1' --start-time "$(date -u -d '30 minutes ago' +%FT%TZ)" --end-time "$(date -u +%FT%TZ)" --period 300 --statistics Maximum --output text`

export const tooManyConnections = `# connections above the limit of the broker; needs the monitoring level PER_BROKER
aws cloudwatch get-metric-statistics --namespace AWS/Kafka --metric-name IAMTooManyConnections --dimensions 'Name=Cluster Name,Value=orders' 'Name=Broker ID,Value=1' --start-time "$(date -u -d '30 minutes ago' +%FT%TZ)" --end-time "$(date -u +%FT%TZ)" --period 60 --statistics Sum --output text`

/** A counter of failures begins with its first failure, which increase() alone does not see: as in stack/prometheus/rules. */
export const recent = (counter: string, by: string, window: string): string =>
  `sum by (${by}) ((last_over_time(${counter}[${window}]) - last_over_time(${counter}[6h] offset ${window}) >= 0) or last_over_time(${counter}[${window}]))`

export const lines = (...commands: readonly string[]): string => commands.join('\n')
