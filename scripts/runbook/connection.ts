import {
  bootstrap,
  brokerCpu,
  certificate,
  clock,
  clusterState,
  lines,
  reaches,
  resolves,
} from './commands.ts'
import type { Entries } from './entry.ts'

const securityGroups = `# do the security groups of the brokers let this network in, at 9098?
aws kafka describe-cluster-v2 --cluster-arn "$CLUSTER_ARN" --query 'ClusterInfo.Provisioned.BrokerNodeGroupInfo.SecurityGroups' --output text
aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-0123456789abcdef0 --query 'SecurityGroupRules[?!IsEgress].[FromPort,ToPort,CidrIpv4,ReferencedGroupInfo.GroupId]' --output text`

export const connectionEntries: Entries = {
  dns_not_found: {
    sees: { texts: ['Connection error: getaddrinfo ENOTFOUND …', 'getaddrinfo EAI_AGAIN …'] },
    causes: [
      'The cluster was made anew: its names have changed.',
      'A peered VPC or a VPN that does not resolve the private names of the cluster.',
      'EAI_AGAIN: the name server is overloaded or out of reach, such as CoreDNS in Kubernetes.',
    ],
    sh: lines(resolves, bootstrap),
  },
  connection_refused: {
    sees: { texts: ['Connection error: connect ECONNREFUSED …'] },
    causes: [
      'A broker is being restarted by AWS: patching, or a change of the cluster. The others go on, and so do clients.',
      'A wrong port, after a change of the configuration.',
      'IAM access control was switched off: then nothing listens at 9098.',
    ],
    sh: lines(reaches, bootstrap, clusterState),
  },
  network_unreachable: {
    sees: { texts: ['connect EHOSTUNREACH …', 'connect ENETUNREACH …', 'connect ETIMEDOUT …'] },
    causes: [
      'A route is gone: peering, transit gateway, VPN.',
      'A network ACL or security group that rejects.',
      'EADDRNOTAVAIL: this machine has no free port left, because connections are opened again and again.',
    ],
    sh: lines(
      resolves,
      reaches,
      securityGroups,
      `# free ports, for EADDRNOTAVAIL
ss -s`,
    ),
  },
  tls_certificate_untrusted: {
    sees: { texts: ['Connection error: self-signed certificate…', 'unable to verify the first certificate'] },
    causes: [
      'The address is not the broker: a tunnel, a proxy or a test stack with a certificate of its own.',
      'A proxy that opens TLS stands between.',
    ],
    sh: lines(certificate, `echo "\${NODE_EXTRA_CA_CERTS:-no NODE_EXTRA_CA_CERTS}"`),
    steps: ['Never `rejectUnauthorized: false`: the token would go to whoever answers.'],
  },
  tls_certificate_expired: {
    sees: {
      texts: ['Connection error: certificate has expired', 'Connection error: certificate is not yet valid'],
    },
    causes: [
      'The clock of this machine is wrong.',
      'A proxy or tunnel of your own has let its certificate run out. AWS renews those of the brokers.',
    ],
    sh: lines(clock, certificate),
  },
  tls_hostname_mismatch: {
    sees: {
      texts: [
        "Connection error: Hostname/IP does not match certificate's altnames: Host: …. is not in the cert's altnames: …",
      ],
    },
    causes: [
      'The brokers are reached by an IP address, a CNAME, a load balancer or `localhost` (a tunnel).',
      'A name server that gives the address of another machine.',
    ],
    sh: lines(certificate, resolves),
  },
  tls_to_plaintext_port: {
    sees: {
      texts: [
        'Connection error: Client network socket disconnected before secure TLS connection was established',
        '…wrong version number…',
      ],
    },
    causes: [
      'The port of another listener: 9092.',
      'A proxy or load balancer that closes the connection, because nothing is behind it.',
    ],
    sh: lines(bootstrap, certificate),
  },
  tls_handshake_timeout: {
    sees: {
      texts: ['Connection timeout'],
      error:
        "`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSConnectionError`. kafkajs's words are those of [`connection_timeout`](#connection_timeout), and inside a `send` that is the code too",
    },
    causes: [
      'A firewall, proxy or load balancer that takes the connection and has nothing behind it.',
      'A broker that is overloaded: it takes connections and does not answer.',
      'A plaintext port: it waits for a request of Kafka, and TLS is none.',
    ],
    sh: lines(
      reaches,
      `# how long does the handshake take?
time openssl s_client -connect "$BROKER:9098" -servername "$BROKER" </dev/null >/dev/null 2>&1`,
      brokerCpu,
    ),
  },
  plaintext_to_tls_port: {
    sees: {
      texts: [
        'Connection error: The peer answered plaintext with a TLS alert: this port speaks TLS, set `ssl: true`',
      ],
      error:
        "`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSConnectionError`. With kafkajs's own sockets it is [`connection_closed`](#connection_closed)",
      line: "`[Connection] Connection error: …`, kafkajs's own: no code, no record",
    },
    causes: [
      '`ssl` is missing or false. `createMskIamConnection` sets it: something after it in the configuration turns it off.',
    ],
    look: ['In the code: what is spread after `...createMskIamConnection(…)`, and what sets `ssl`?'],
    sh: certificate,
  },
  connection_timeout: {
    sees: { texts: ['Connection timeout'] },
    causes: [
      'A security group that drops packets: the new subnet or node group is not in the rules of the brokers.',
      'A route that leads nowhere, or a name server that does not answer.',
      '`connectionTimeout` is the 1 s of kafkajs, and the way is long: another region, a VPN.',
    ],
    sh: lines(resolves, reaches, securityGroups),
  },
  connection_closed: {
    sees: {
      texts: [
        'Closed connection',
        'read ECONNRESET',
        'SASL OAUTHBEARER authentication failed: Closed connection',
      ],
      error:
        '`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSConnectionClosedError`; the last text is that of kafkajs without this library',
      line: '`[BrokerPool] Closed connection`; during an authentication `[SaslAuthenticator-OAUTHBEARER] The connection was closed from the other side. … [connection_closed]` too',
    },
    causes: [
      'A broker restarts: patching, or a change of the cluster. It is over in minutes, and kafkajs reconnects.',
      'An idle limit: brokers close after 10 minutes without a request, network load balancers after 350 s.',
      '`ssl: true` is missing, if it has never worked.',
    ],
    sh: clusterState,
    steps: [
      'One broker only, for longer than 15 minutes: AWS support. All brokers: look at the network in between.',
    ],
  },
  connection_lock_timeout: {
    sees: {
      texts: ['Timeout while acquiring lock (… waiting locks): "connect to broker …"'],
      error: '`KafkaJSNonRetriableError`, caused by `KafkaJSLockTimeout`',
      line: '`[BrokerPool] Timeout while acquiring lock (1 waiting locks): "connect to broker …"`; also `[BrokerPool] [object Object]`, which is a fault of kafkajs',
    },
    causes: [
      'A token that takes long: STS or IMDS hangs ([`signer_timeout`](#signer_timeout), [`sts_unreachable`](#sts_unreachable)).',
      'Many sends at once to a broker that is slow to connect.',
    ],
    look: [
      'In the trace: another trace of the same second has `msk_iam.authenticate` to the same `server.address`, and it is long. This one has none: it only waited.',
    ],
    steps: ['The messages of this send were not sent: send them again.'],
  },
  request_timeout: {
    sees: {
      texts: ['Request … timed out'],
      error: '`KafkaJSNumberOfRetriesExceeded`, caused by `KafkaJSRequestTimeoutError`',
      line: '`[BrokerPool] Request ApiVersions(key: 18, version: 2) timed out`, with the request that it was',
    },
    causes: [
      'A broker that is overloaded or whose disk is slow.',
      'A connection that died without a word: a firewall has forgotten it.',
      '`acks: -1` and a replica that does not follow: the request waits for it.',
    ],
    sh: lines(brokerCpu, clusterState),
    steps: [
      'A message of a produce request that timed out may be in the topic. With an idempotent producer a retry does not write it twice.',
    ],
  },
}
