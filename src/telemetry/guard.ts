import { diag } from '@opentelemetry/api'
import { forTelemetry, wordsOf } from '../base/foreign-text.ts'

/**
 * Telemetry never changes an outcome. Every call into OpenTelemetry (an SDK, a propagator, a context manager) and into a
 * user's logger or hook goes through this folder: what is thrown there is reported to `diag` once for each place, what
 * comes back is checked before it is used, and the operation continues.
 */
const reported = new Set<string>()

export function reportOnce(place: string, problem: unknown): void {
  if (reported.has(place)) return
  reported.add(place)
  warn(`${place}: ${wordsOf(problem)}`)
}

/** A warning for whoever reads OpenTelemetry's own log: the one way to it. */
export function warn(message: string): void {
  try {
    unawaited(diag.warn(`kafka-iam-otel: ${forTelemetry(message, 600)}`))
  } catch {
    // There is nobody left to report it to.
  }
}

/** Runs `work`, and gives `fallback` if it throws. */
export function guarded<T>(place: string, work: () => T, fallback: T): T {
  try {
    return work()
  } catch (problem) {
    reportOnce(place, problem)
    return fallback
  }
}

/** The answer of a call that should give none: a rejection that nobody handles would end the process. */
export function unawaited(answer: unknown): void {
  try {
    if (answer instanceof Promise) answer.then(undefined, ignored)
  } catch {
    // What throws as soon as it is touched is no promise.
  }
}

const ignored = () => undefined
