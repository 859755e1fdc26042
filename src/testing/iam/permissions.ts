/** What an identity may do, in IAM's words, and what Kafka's authorizer makes of it. */
import { type Check, optional } from '../../options/check.ts'
import { optionSet } from '../../options/option-set.ts'
import { flag, listOf, matching } from '../../options/values.ts'
import type { Rights } from '../protocol/rights.ts'

const NAMES = 'names: orders, orders* or *'

/**
 * IAM's actions on a cluster, as in the local stack's identities.json: true for those on the cluster, names for those
 * on topics, groups and transactions. `orders` is one name, `orders*` every name that begins so, `*` every name. What
 * is missing is denied. The sandbox serves producers: it asks for nothing of groups and transactions.
 */
export type Permissions = { readonly [action in ClusterAction]?: boolean | undefined } & {
  readonly [action in NamedAction]?: readonly string[] | undefined
}

const CLUSTER_ACTIONS = [
  'kafka-cluster:Connect',
  'kafka-cluster:DescribeCluster',
  'kafka-cluster:WriteDataIdempotently',
] as const

const NAMED_ACTIONS = [
  'kafka-cluster:CreateTopic',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:AlterTopic',
  'kafka-cluster:DeleteTopic',
  'kafka-cluster:WriteData',
  'kafka-cluster:ReadData',
  'kafka-cluster:DescribeGroup',
  'kafka-cluster:AlterGroup',
  'kafka-cluster:DeleteGroup',
  'kafka-cluster:DescribeTransactionalId',
  'kafka-cluster:AlterTransactionalId',
] as const

type ClusterAction = (typeof CLUSTER_ACTIONS)[number]
type NamedAction = (typeof NAMED_ACTIONS)[number]

/** To Kafka whoever may do any of these may describe the topic as well. */
const IMPLY_DESCRIBE = [
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:WriteData',
  'kafka-cluster:ReadData',
  'kafka-cluster:AlterTopic',
  'kafka-cluster:DeleteTopic',
] as const

export const mayConnect = (permissions: Permissions): boolean => permissions['kafka-cluster:Connect'] === true

/** As Kafka's StandardAuthorizer decides. */
export function rightsIn(permissions: Permissions): Rights {
  const may = (action: NamedAction, topic: string) => permissions[action]?.some(matches(topic)) ?? false
  return {
    mayDescribe: (topic) => IMPLY_DESCRIBE.some((action) => may(action, topic)),
    mayCreate: (topic) => may('kafka-cluster:CreateTopic', topic),
    mayWrite: (topic) => may('kafka-cluster:WriteData', topic),
    // Since Kafka 2.8 the right to write to any topic will do.
    mayWriteIdempotently:
      permissions['kafka-cluster:WriteDataIdempotently'] === true ||
      (permissions['kafka-cluster:WriteData']?.length ?? 0) > 0,
  }
}

const matches = (name: string) => (pattern: string) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern

/** A star anywhere but at the end would match nothing that the writer meant. */
const names = listOf(matching(/^(?:[^*]+\*?|\*)$/, NAMES), NAMES)

const fields = Object.fromEntries<Check<boolean | readonly string[] | undefined>>([
  ...CLUSTER_ACTIONS.map((action) => [action, optional(flag)] as const),
  ...NAMED_ACTIONS.map((action) => [action, optional(names)] as const),
])

/** An action that there is not would be denied without a word. */
export const permissionOptions = optionSet(fields, {
  example: "{ 'kafka-cluster:WriteData': ['orders*'] }",
}) as unknown as Check<Permissions>
