import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { VERSION } from '../version.ts'
import { unawaited } from './guard.ts'
import { SCHEMA_URL, SCOPE } from './names.ts'

/** What the API registers as the global provider, whatever the SDK. */
interface Proxying extends TracerProvider {
  getDelegate?(): TracerProvider
}

let tracer: Tracer | undefined
/** The provider that the tracer is of. */
let provider: TracerProvider | undefined

/**
 * The tracer of the SDK that is registered now. A tracer of the API finds an SDK that starts after it, but keeps it for
 * ever: after `trace.disable()` it would go on with the old one, and so for each span the provider is looked at (10 ns;
 * `getTracer` costs 70). `trace.getTracer` would drop the schema URL.
 *
 * May throw.
 */
export function currentTracer(): Tracer {
  const proxy: Proxying = trace.getTracerProvider()
  const current = proxy.getDelegate?.() ?? proxy
  if (tracer !== undefined && current === provider) return tracer
  const given = proxy.getTracer(SCOPE, VERSION, { schemaUrl: SCHEMA_URL })
  unawaited(given)
  if (typeof given.startSpan !== 'function') throw new TypeError('the tracer provider gave no tracer')
  tracer = given
  provider = current
  return given
}
