import { ErrorCode } from './api.ts'
import type { Cluster } from './cluster.ts'
import type { Appended } from './partition-log.ts'
import { decodeRecordBatch } from './record-batch.ts'
import { type Outcome, type Request, required, respond } from './request.ts'
import type { Rights } from './rights.ts'
import type { Writer } from './writer.ts'

export interface ProduceContext {
  readonly nodeId: number
  readonly cluster: Cluster
  readonly rights: Rights
}

interface PartitionData {
  readonly index: number
  readonly records: Buffer | null
}

interface TopicData {
  readonly name: string
  readonly partitions: readonly PartitionData[]
}

interface Written extends Appended {
  readonly message?: string
}

const ACKS = [-1, 0, 1]

/** Produce 3–11. */
export function produce(request: Request, context: ProduceContext, fault: number): Outcome {
  const { body, apiVersion } = request
  body.string() // transactional_id
  const acks = body.int16()
  body.int32() // timeout_ms
  const topics = required(body.array(() => readTopic(request)))

  let failures = 0
  const response = respond(request)
  response.array(topics, ({ name, partitions }) => {
    const code =
      fault || (context.rights.mayWrite(name) ? ErrorCode.None : ErrorCode.TopicAuthorizationFailed)
    response.string(name)
    response.array(partitions, (partition) => {
      const written = code ? failed(code) : write(context, name, partition, acks, apiVersion)
      if (written.errorCode !== ErrorCode.None) failures += 1
      writePartition(response, partition.index, written, apiVersion)
    })
    response.tags()
  })
  response.int32(0).tags() // throttle_time_ms
  if (acks !== 0) return { response }
  // Nothing else would tell a client that does not wait for an answer.
  return failures > 0 ? { ending: 'close' } : {}
}

function readTopic({ body }: Request): TopicData {
  const name = required(body.string())
  const partitions = required(
    body.array(() => {
      const partition = { index: body.int32(), records: body.bytes() }
      body.tags()
      return partition
    }),
  )
  body.tags()
  return { name, partitions }
}

function write(
  { cluster, nodeId }: ProduceContext,
  topic: string,
  { index, records }: PartitionData,
  acks: number,
  apiVersion: number,
): Written {
  if (!cluster.topic(topic)?.partitions[index]) return failed(ErrorCode.UnknownTopicOrPartition)
  if (!ACKS.includes(acks)) return failed(ErrorCode.InvalidRequiredAcks)
  const batch = decodeRecordBatch(records, apiVersion)
  return 'errorCode' in batch ? { ...batch, baseOffset: -1 } : cluster.append(nodeId, topic, index, batch)
}

const failed = (errorCode: number): Written => ({ errorCode, baseOffset: -1 })

function writePartition(
  response: Writer,
  index: number,
  { errorCode, baseOffset, logAppendTime = -1, byLog = errorCode === ErrorCode.None, message }: Written,
  apiVersion: number,
): void {
  response.int32(index).int16(errorCode).int64(baseOffset).int64(logAppendTime)
  if (apiVersion >= 5) response.int64(byLog ? 0 : -1) // log_start_offset
  if (apiVersion >= 8) response.array([], () => undefined).string(message ?? null) // record_errors, error_message
  response.tags()
}
