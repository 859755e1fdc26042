import { diag } from '@opentelemetry/api'

/**
 * Telemetry never changes an outcome: what throws inside it (an SDK, an exporter, a context manager, a hook) is reported
 * to `diag` once for each place, and the operation goes on.
 */
const reported = new Set<string>()

export function reportOnce(place: string, problem: unknown): void {
  if (reported.has(place)) return
  reported.add(place)
  try {
    const message = problem instanceof Error ? problem.message : String(problem)
    diag.warn(`kafka-iam-otel: ${place}: ${message}`)
  } catch {
    // A diag logger that throws has nobody left to be told.
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
