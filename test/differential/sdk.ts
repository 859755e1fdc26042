import { context, trace } from '@opentelemetry/api'
import { startHostileSdk } from '../support/hostile-sdk.ts'
import { startTelemetry } from '../support/telemetry.ts'

export const SDKS = ['none', 'real', 'hostile'] as const
export type SdkKind = (typeof SDKS)[number]

/** What is registered with OpenTelemetry in this process, for good. */
export interface Sdk {
  /** Runs as a service would: under a span, where there are spans. What the SDK does depends on the seed. */
  around<T>(seed: number, work: () => Promise<T>): Promise<T>
}

export function startSdk(kind: SdkKind): Sdk {
  if (kind === 'real') return realSdk()
  if (kind === 'none') return { around: (_, work) => work() }
  const hostile = startHostileSdk({ seed: 1, share: 0.3 })
  return {
    async around(seed, work) {
      hostile.reseed(seed)
      const result = await work()
      await hostile.collect()
      return result
    },
  }
}

function realSdk(): Sdk {
  const telemetry = startTelemetry()
  const tracer = trace.getTracer('a service')
  return {
    async around(_, work) {
      const span = tracer.startSpan('a request of a service')
      try {
        return await context.with(trace.setSpan(context.active(), span), work)
      } finally {
        span.end()
        await telemetry.metricNames()
        telemetry.clear()
      }
    },
  }
}
