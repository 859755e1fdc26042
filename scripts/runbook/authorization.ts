import { arnIn, lines, simulate, whoAmI } from './commands.ts'
import type { Entries } from './entry.ts'

const protocolError = (type: string, code: number) =>
  `\`KafkaJSProtocolError\`, type ${type}, code ${code}; also inside \`KafkaJSNonRetriableError\``

export const authorizationEntries: Entries = {
  TOPIC_AUTHORIZATION_FAILED: {
    sees: {
      texts: ['Not authorized to access topics: [Topic authorization failed]'],
      error: protocolError('TOPIC_AUTHORIZATION_FAILED', 29),
    },
    causes: [
      'The topic is new, or was renamed, and the policy names topics one by one.',
      'The topic does not exist: without DescribeTopic a broker says the same as for one that is denied.',
      'The policy was changed. Brokers look at it again within minutes.',
      'It worked on this connection before: the session has ended (signer #21).',
    ],
    sh: lines(
      whoAmI,
      simulate(
        'kafka-cluster:DescribeTopic kafka-cluster:WriteData kafka-cluster:ReadData',
        arnIn('topic', 'orders'),
        '; put your topic in place of orders',
      ),
    ),
    steps: ['A consumer that ended with it needs a restart after the policy is right.'],
  },
  GROUP_AUTHORIZATION_FAILED: {
    sees: {
      texts: ['Not authorized to access group: Group authorization failed'],
      error: protocolError('GROUP_AUTHORIZATION_FAILED', 30),
    },
    causes: [
      'A group id that the policy does not have: renamed, or with the name of the environment in it.',
      'A policy for a producer, used by a consumer.',
      '`sendOffsets` of a transaction, by an identity that only writes.',
    ],
    sh: lines(
      whoAmI,
      simulate(
        'kafka-cluster:AlterGroup kafka-cluster:DescribeGroup',
        arnIn('group', 'billing'),
        '; put your group in place of billing',
      ),
    ),
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
    sees: {
      texts: ['Transactional Id authorization failed'],
      error: protocolError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 53),
    },
    causes: [
      'The policy has topics and groups, but no transactional-id.',
      'The transactional id has the name of a pod or host in it, and the policy has no `*` there.',
    ],
    sh: lines(
      whoAmI,
      simulate(
        'kafka-cluster:AlterTransactionalId kafka-cluster:DescribeTransactionalId',
        arnIn('transactional-id', 'orders'),
        '; put your transactional id in place of orders',
      ),
    ),
  },
  CLUSTER_AUTHORIZATION_FAILED: {
    sees: {
      texts: ['Cluster authorization failed'],
      error: protocolError('CLUSTER_AUTHORIZATION_FAILED', 31),
    },
    causes: [
      'An idempotent producer, which `KafkaPublisher` is by default, without `kafka-cluster:WriteDataIdempotently`.',
      'A topic that is to be created by an identity that may not (`kafka-cluster:CreateTopic`).',
      'An admin call, such as changing a configuration.',
    ],
    sh: lines(
      whoAmI,
      simulate(
        'kafka-cluster:WriteDataIdempotently kafka-cluster:DescribeCluster kafka-cluster:AlterCluster',
        '$CLUSTER_ARN',
        '',
      ),
    ),
  },
}
