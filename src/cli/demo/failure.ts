import { classifyFailure } from 'kafka-iam-otel'

/** What a service's own code can read from an error. */
export function inspectFailure(error: unknown) {
  const { code, hint, retriable, requestId } = classifyFailure(error)
  return {
    message: error instanceof Error ? error.message : String(error),
    code,
    hint,
    retriable,
    ...(requestId ? { requestId } : {}),
  }
}
