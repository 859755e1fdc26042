import * as api from '@opentelemetry/api'
import { VERSION } from '../base/version.ts'
import type { ClassifiedFailure } from '../failures/classify.ts'
import { connectingLogger, type LineLogger } from './connecting-logger.ts'
import { activeContext, spanContextIn } from './contexts.ts'
import { guarded, unawaited } from './guard.ts'
import { Attribute, SCHEMA_URL, SCOPE } from './names.ts'
import { shown, shownAttributes } from './shown.ts'

/** One log record through the API, where it has logs (since 1.10). Its trace and span are those of the active context. */
export function emitFailureLog(
  eventName: string,
  failure: ClassifiedFailure,
  attributes: api.Attributes,
): void {
  guarded(
    'emitting a log record',
    () => {
      // Not a named import: the API of 1.9 has no `logs`, and a missing export would stop the process.
      const logger = (api as Partial<typeof api>).logs?.getLogger(SCOPE, VERSION, { schemaUrl: SCHEMA_URL })
      unawaited(logger)
      const answer: unknown = logger?.emit({
        eventName,
        severityNumber: 17, // SeverityNumber.ERROR
        severityText: 'ERROR',
        body: shown(`${failure.title}. ${failure.hint}`),
        attributes: shownAttributes({
          ...attributes,
          [Attribute.ErrorType]: failure.code,
          [Attribute.FailureHint]: failure.hint,
          ...(failure.requestId ? { [Attribute.BrokerRequestId]: failure.requestId } : {}),
        }),
      })
      unawaited(answer)
    },
    undefined,
  )
}

const QUIET_MS = 30_000

/**
 * One line in the service's own log, for teams that read stdout: at most one for each code in 30 s, and the next one
 * says how many were left out. The logger is the one that kafkajs hands to its hook; before that, the one of the client that
 * connects, where that is instrumented.
 */
export class FailureLine {
  logger: LineLogger | undefined
  readonly #clock: { monotonic(): number }
  readonly #last = new Map<string, { at: number; skipped: number }>()

  constructor(clock: { monotonic(): number }) {
    this.#clock = clock
  }

  write(failure: ClassifiedFailure, extra: Record<string, unknown>): void {
    const logger = this.logger ?? connectingLogger()
    if (!logger) return
    const now = this.#clock.monotonic()
    const last = this.#last.get(failure.code)
    if (last && now - last.at < QUIET_MS) {
      last.skipped += 1
      return
    }
    this.#last.set(failure.code, { at: now, skipped: 0 })
    const fields = lineFields(failure, extra, last?.skipped ?? 0)
    // A logger that answers with a promise is not waited for.
    guarded('writing a log line', () => unawaited(logger.error(sentence(failure), fields)), undefined)
  }
}

function lineFields(failure: ClassifiedFailure, extra: Record<string, unknown>, suppressed: number): object {
  const active = spanContextIn(activeContext())
  return {
    ...shownFields(extra),
    code: failure.code,
    docs: failure.docs,
    ...(failure.requestId ? { requestId: failure.requestId } : {}),
    ...(active ? { traceId: active.traceId } : {}),
    ...(suppressed > 0 ? { suppressed } : {}),
  }
}

const shownFields = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? shown(value) : value]),
  )

const sentence = ({ title, hint, code }: ClassifiedFailure) => shown(`${title}. ${hint} [${code}]`)
