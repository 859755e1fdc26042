import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { VERSION } from '../base/version.ts'
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
 * The tracer of the SDK that is registered now. The API's own proxy of a tracer would find an SDK that starts later, but
 * not one that comes after it, nor one that was registered through another copy of the API, and `trace.getTracer` drops
 * the schema URL. So the provider is looked at for each span (10 ns) and asked for a tracer when it is another one.
 *
 * May throw.
 */
export function currentTracer(): Tracer {
  const proxy: Proxying = trace.getTracerProvider()
  const current = proxy.getDelegate?.() ?? proxy
  if (tracer !== undefined && current === provider) return tracer
  const given = current.getTracer(SCOPE, VERSION, { schemaUrl: SCHEMA_URL })
  unawaited(given)
  if (typeof given.startSpan !== 'function') throw new TypeError('the tracer provider gave no tracer')
  tracer = given
  provider = current
  return given
}
