import { ApiKey, apiName, served } from './api.ts'
import { MalformedError, Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** One request, its header read. */
export interface Request {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  readonly correlationId: number
  /** False where the request, or this version of it, is not served: then the body cannot be read. */
  readonly served: boolean
  /** At the beginning of the body. */
  readonly body: Reader
}

/** What becomes of a request: an answer, or none, and what happens to the connection after it. */
export interface Outcome {
  readonly response?: Writer
  /** Only so many bytes of the answer are sent, and never all of them. */
  readonly firstBytes?: number
  /** How much later it happens. */
  readonly afterMs?: number
  /** `refused`: answered and closed after the moment for which Kafka holds back what has failed to authenticate. */
  readonly ending?: 'close' | 'refused' | 'reset' | 'hang'
}

export function readRequest(frame: Buffer): Request {
  const header = new Reader(frame)
  const apiKey = header.int16()
  const apiVersion = header.int16()
  const correlationId = header.int32()
  const versions = served.get(apiKey)
  const isServed = versions !== undefined && apiVersion >= versions.min && apiVersion <= versions.max
  const request = { apiKey, apiVersion, apiName: apiName(apiKey), correlationId, served: isServed }
  if (!isServed) return { ...request, body: header }
  header.string() // client_id, which is never compact
  const flexible = apiVersion >= versions.flexibleFrom
  const body = new Reader(frame, flexible, header.position)
  body.tags()
  return { ...request, body }
}

/** An answer to the request, its header written. */
export function respond({ apiKey, correlationId, body }: Request): Writer {
  const response = new Writer(body.flexible).int32(0).int32(correlationId)
  // A client that does not know yet what the broker speaks has to be able to read ApiVersions.
  return apiKey === ApiKey.ApiVersions ? response : response.tags()
}

/** Strings that the protocol does not let be null. */
export function required<T>(value: T | null): T {
  if (value === null) throw new MalformedError('null where nothing may be null')
  return value
}
