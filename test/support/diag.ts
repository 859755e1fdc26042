import { type DiagLogger, diag } from '@opentelemetry/api'
import { type Mock, vi } from 'vitest'

/** What is said on OpenTelemetry's `diag`, until `diag.disable()`. */
export function diagWarnings(): Mock {
  const warn = vi.fn()
  const quiet = () => undefined
  const logger: DiagLogger = { error: warn, warn, info: quiet, debug: quiet, verbose: quiet }
  diag.setLogger(logger, { suppressOverrideMessage: true })
  return warn
}
