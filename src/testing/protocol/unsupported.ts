import { ApiKey } from './api.ts'
import type { Outcome, Request } from './request.ts'
import { Writer } from './writer.ts'

interface Shape {
  /** From this version on throttle_time_ms stands before the error code. */
  readonly throttleFrom: number
  readonly flexibleFrom: number
  /** The versions whose answers begin with an error code, the first and the last. */
  readonly from?: number
  readonly to?: number
}

/** Requests whose answers begin with an error code: they can be told that they are not served. */
const shapes: ReadonlyMap<number, Shape> = new Map([
  [ApiKey.Fetch, { from: 7, throttleFrom: 0, flexibleFrom: 12 }],
  [ApiKey.FindCoordinator, { to: 3, throttleFrom: 1, flexibleFrom: 3 }],
  [ApiKey.JoinGroup, { throttleFrom: 2, flexibleFrom: 6 }],
  [ApiKey.Heartbeat, { throttleFrom: 1, flexibleFrom: 4 }],
  [ApiKey.LeaveGroup, { throttleFrom: 1, flexibleFrom: 4 }],
  [ApiKey.SyncGroup, { throttleFrom: 1, flexibleFrom: 4 }],
  [ApiKey.ListGroups, { throttleFrom: 1, flexibleFrom: 3 }],
  [ApiKey.AddOffsetsToTxn, { throttleFrom: 0, flexibleFrom: 3 }],
  [ApiKey.EndTxn, { throttleFrom: 0, flexibleFrom: 3 }],
  [ApiKey.DescribeCluster, { throttleFrom: 0, flexibleFrom: 0 }],
  [ApiKey.GetTelemetrySubscriptions, { throttleFrom: 0, flexibleFrom: 0 }],
])

/** Zeros are read as empty strings, arrays and tagged fields: what follows the error code in all of these answers. */
const REST = Buffer.alloc(64)

/** The error code to a request that is not served; where its answer has no place for one, Kafka's way: closed. */
export function unsupported({ apiKey, apiVersion, correlationId }: Request, errorCode: number): Outcome {
  const shape = shapes.get(apiKey)
  if (!shape || apiVersion < (shape.from ?? 0) || apiVersion > (shape.to ?? Number.POSITIVE_INFINITY))
    return { ending: 'close' }
  const response = new Writer(apiVersion >= shape.flexibleFrom).int32(0).int32(correlationId).tags()
  if (apiVersion >= shape.throttleFrom) response.int32(0)
  return { response: response.int16(errorCode).raw(REST) }
}
