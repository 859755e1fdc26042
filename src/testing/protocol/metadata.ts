import { ErrorCode } from './api.ts'
import type { Cluster, Topic } from './cluster.ts'
import { type Outcome, type Request, respond } from './request.ts'
import type { Rights } from './rights.ts'
import type { Writer } from './writer.ts'

interface MetadataContext {
  readonly cluster: Cluster
  readonly rights: Rights
}

interface Asked {
  readonly id: Buffer | undefined
  readonly name: string | null
}

interface Found {
  readonly errorCode: number
  readonly name: string | null
  readonly id: Buffer | undefined
  readonly topic: Topic | undefined
}

/** What Metadata says of a cluster. */
interface Described extends Pick<Cluster, 'nodes' | 'controllerId'> {
  readonly id: string | null
}

/** "Not asked for": authorized operations are not told. */
const NO_OPERATIONS = -2_147_483_648

/** Metadata 0–12. Topics are created where cluster and client allow it; this answer does not know them yet. */
export function metadata(request: Request, context: MetadataContext, fault: number): Outcome {
  const { cluster, rights } = context
  const { apiVersion: version, body } = request
  const asked = readAsked(request)
  const mayCreate = (version < 4 || body.boolean()) && cluster.autoCreateTopics
  // Version 0 has no null for "all topics".
  const all = asked === null || (version === 0 && asked.length === 0)
  const answers = all
    ? cluster.topics.filter(({ name }) => rights.mayDescribe(name)).map(found)
    : asked.map((topic) => find(topic, context, mayCreate))

  return write(request, cluster, fault ? answers.map((topic) => ({ ...topic, errorCode: fault })) : answers)
}

/** The error for each topic, and nothing of the cluster. */
export function metadataRefused(request: Request, errorCode: number): Outcome {
  const topics = readAsked(request) ?? []
  const nobody = { nodes: [], id: null, controllerId: -1 }
  return write(
    request,
    nobody,
    topics.map(({ id, name }) => ({ errorCode, name, id, topic: undefined })),
  )
}

function readAsked({ apiVersion, body }: Request): Asked[] | null {
  return body.array(() => {
    const id = apiVersion >= 10 ? body.uuid() : undefined
    const topic = { id, name: body.string() }
    body.tags()
    return topic
  })
}

/** Who may not describe a topic does not learn whether there is one; who may not create one, that it may describe it. */
function find({ id, name }: Asked, { cluster, rights }: MetadataContext, mayCreate: boolean): Found {
  const failed = (errorCode: number): Found => ({ errorCode, name, id: undefined, topic: undefined })
  if (name === null) {
    const topic = cluster.topics.find((other) => id?.equals(other.id))
    return topic && rights.mayDescribe(topic.name)
      ? found(topic)
      : { ...failed(ErrorCode.UnknownTopicId), id }
  }
  if (!rights.mayDescribe(name)) return failed(ErrorCode.TopicAuthorizationFailed)
  const topic = cluster.topic(name)
  if (topic) return found(topic)
  if (mayCreate && !rights.mayCreate(name)) return failed(ErrorCode.TopicAuthorizationFailed)
  if (!cluster.isLegalName(name)) return failed(ErrorCode.InvalidTopic)
  if (mayCreate) cluster.createTopic(name)
  return failed(ErrorCode.UnknownTopicOrPartition)
}

const found = (topic: Topic): Found => ({ errorCode: ErrorCode.None, name: topic.name, id: topic.id, topic })

function write(request: Request, cluster: Described, topics: readonly Found[]): Outcome {
  const { apiVersion: version } = request
  const response = respond(request)
  if (version >= 3) response.int32(0) // throttle_time_ms
  writeCluster(response, cluster, version)
  response.array(topics, (topic) => writeTopic(response, topic, cluster, version))
  if (version >= 8 && version <= 10) response.int32(NO_OPERATIONS)
  return { response: response.tags() }
}

function writeCluster(response: Writer, { nodes, id, controllerId }: Described, version: number): void {
  response.array(nodes, ({ nodeId, host, port }) => {
    response.int32(nodeId).string(host).int32(port)
    if (version >= 1) response.string(null) // rack
    response.tags()
  })
  if (version >= 2) response.string(id)
  if (version >= 1) response.int32(controllerId)
}

function writeTopic(
  response: Writer,
  { errorCode, name, id, topic }: Found,
  cluster: Described,
  version: number,
): void {
  const nodeIds = cluster.nodes.map((node) => node.nodeId)
  response.int16(errorCode).string(version >= 12 ? name : (name ?? ''))
  if (version >= 10) response.uuid(id)
  if (version >= 1) response.boolean(false) // is_internal
  const partitions = errorCode === ErrorCode.None ? (topic?.partitions ?? []) : []
  response.array(partitions, ({ index, leader, leaderEpoch }) => {
    const partitionError = leader < 0 ? ErrorCode.LeaderNotAvailable : ErrorCode.None
    response.int16(partitionError).int32(index).int32(leader)
    if (version >= 7) response.int32(leaderEpoch)
    response.int32s(nodeIds).int32s(nodeIds) // every node has every replica, in sync
    if (version >= 5) response.int32s([]) // offline_replicas
    response.tags()
  })
  if (version >= 8) response.int32(NO_OPERATIONS)
  response.tags()
}
