import { classifyFailure } from 'kafka-iam-otel'
import { withoutSecrets, wordsOf } from '../../base/foreign-text.ts'

/** What a service's own code can read from an error. */
export interface CaughtFailure {
  readonly message: string
  readonly code: string
  readonly hint: string
  readonly retriable: boolean
  readonly requestId?: string
}

export function inspectFailure(error: unknown): CaughtFailure {
  const { code, hint, retriable, requestId } = classifyFailure(error)
  return {
    message: withoutSecrets(wordsOf(error)),
    code,
    hint,
    retriable,
    ...(requestId ? { requestId } : {}),
  }
}
