import { ErrorCode } from './api.ts'
import type { Cluster } from './cluster.ts'
import { type Outcome, type Request, respond } from './request.ts'
import type { Rights } from './rights.ts'

interface InitProducerIdContext {
  readonly cluster: Cluster
  readonly rights: Rights
}

/**
 * InitProducerId 0–4, for idempotent producers: transactions are not served. As in Kafka, one that comes again gets
 * another id, whatever it says of the one it had.
 */
export function initProducerId(
  request: Request,
  { cluster, rights }: InitProducerIdContext,
  fault: number,
): Outcome {
  const transactionalId = request.body.string()
  const refusal = transactionalId === null ? refused(rights) : ErrorCode.UnsupportedVersion
  const errorCode = fault || refusal
  const response = respond(request).int32(0).int16(errorCode)
  if (errorCode === ErrorCode.None) response.int64(cluster.nextProducerId()).int16(0)
  else response.int64(-1).int16(-1)
  return { response: response.tags() }
}

const refused = ({ mayWriteIdempotently }: Rights): number =>
  mayWriteIdempotently ? ErrorCode.None : ErrorCode.ClusterAuthorizationFailed
