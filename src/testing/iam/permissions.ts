/** What an identity may do, in IAM's words, and what Kafka's authorizer makes of it. */
import type { Rights } from '../protocol/rights.ts'

/**
 * IAM's actions on a cluster, as in the local stack's identities.json: true for those on the cluster, names for those
 * on topics, groups and transactions. `orders` is one name, `orders*` every name that begins so, `*` every name. What
 * is missing is denied. The sandbox serves producers: it asks for nothing of groups and transactions.
 */
export type Permissions = { readonly [action in ClusterAction]?: boolean } & {
  readonly [action in NamedAction]?: readonly string[]
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

/** @throws TypeError for an action that is none, or one whose value cannot be */
export function checkPermissions(permissions: Permissions): void {
  for (const [action, value] of Object.entries(permissions)) {
    const option = `permissions['${action}']`
    if (isOneOf(CLUSTER_ACTIONS, action)) {
      if (typeof value !== 'boolean') throw new TypeError(`\`${option}\` takes true or false.`)
    } else if (isOneOf(NAMED_ACTIONS, action)) {
      if (!areNames(value)) throw new TypeError(`\`${option}\` takes a list of names: orders, orders* or *.`)
    } else {
      const known = [...CLUSTER_ACTIONS, ...NAMED_ACTIONS].map((name) => name.slice('kafka-cluster:'.length))
      throw new TypeError(`\`${option}\` is no permission; after kafka-cluster: comes ${known.join(', ')}.`)
    }
  }
}

const isOneOf = (actions: readonly string[], action: string): boolean => actions.includes(action)

/** A star anywhere but at the end would match nothing that the writer meant. */
const areNames = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((name) => typeof name === 'string' && /^[^*]*\*?$/.test(name) && name !== '')
