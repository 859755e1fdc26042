import { ErrorCode } from './api.ts'
import type { Cluster } from './cluster.ts'
import { type Outcome, type Request, respond } from './request.ts'

/**
 * InitProducerId 0–4, for idempotent producers: transactions are not served. As in Kafka, one that comes again gets
 * another id, whatever it says of the one it had.
 */
export function initProducerId(request: Request, cluster: Cluster, fault: number): Outcome {
  const transactionalId = request.body.string()
  const errorCode = fault || (transactionalId === null ? ErrorCode.None : ErrorCode.UnsupportedVersion)
  const response = respond(request).int32(0).int16(errorCode)
  if (errorCode === ErrorCode.None) response.int64(cluster.nextProducerId()).int16(0)
  else response.int64(-1).int16(-1)
  return { response: response.tags() }
}
