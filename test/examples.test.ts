import { trace } from '@opentelemetry/api'
import { expect, test, vi } from 'vitest'
import { startTelemetry } from '../examples/set-up.ts'

test('an example that is stopped where no collector listens says so, and does not fail', async () => {
  // Port 9 (discard) of this machine: refused.
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://localhost:9')
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '100')
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const telemetry = startTelemetry('orders-service')
  trace.getTracer('service').startSpan('order').end()
  await telemetry.shutdown()
  expect(said).toHaveBeenCalledWith(expect.stringMatching(/^telemetry not sent: /))
})
