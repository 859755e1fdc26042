import { ApiKey, advertised, ErrorCode, served } from './api.ts'
import { type Outcome, type Request, required, respond } from './request.ts'
import { Writer } from './writer.ts'

/** As Kafka demands of a client that names itself, which it may from version 3 on. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/

/** ApiVersions 0–4. */
export function apiVersions(request: Request, fault: number): Outcome {
  const errorCode = fault || (namesItself(request) ? ErrorCode.None : ErrorCode.InvalidRequest)
  const response = respond(request).int16(errorCode)
  const ranges = errorCode === ErrorCode.None ? [...advertised] : []
  response.array(ranges, ([apiKey, { min, max }]) => response.int16(apiKey).int16(min).int16(max).tags())
  if (request.apiVersion >= 1) response.int32(0) // throttle_time_ms
  return { response: response.tags() }
}

function namesItself({ apiVersion, body }: Request): boolean {
  if (apiVersion < 3) return true
  const [name, version] = [required(body.string()), required(body.string())]
  body.tags()
  return SOFTWARE.test(name) && SOFTWARE.test(version)
}

/** To a version that is not served: the form of version 0, with the versions that are, so that a client can fall back. */
export function apiVersionsUnsupported({ correlationId }: Request): Outcome {
  const { min, max } = served.get(ApiKey.ApiVersions) ?? { min: 0, max: 0 }
  const response = new Writer(false).int32(0).int32(correlationId).int16(ErrorCode.UnsupportedVersion)
  response.array([ApiKey.ApiVersions], (apiKey) => response.int16(apiKey).int16(min).int16(max))
  return { response }
}
