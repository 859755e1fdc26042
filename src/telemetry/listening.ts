import { ProxyTracerProvider, trace } from '@opentelemetry/api'
import { reportOnce } from './guard.ts'
import { metersListen } from './instruments.ts'
import { extracts } from './propagators.ts'

/** What the API has in the place of an SDK: it starts no span. */
const NO_TRACER_PROVIDER: unknown = new ProxyTracerProvider().getDelegate()

/**
 * Whether anybody gets to see a span, a measurement or a header: an SDK for traces, one for metrics, or a propagator.
 * Where nobody does, a send costs what it costs without us. An SDK may start at any time, so each send asks.
 */
export function anybodyListens(): boolean {
  // The look for a meter provider comes first: it also creates the instruments of tokens.
  return metersListen() || tracerListens() || extracts()
}

function tracerListens(): boolean {
  try {
    const provider = trace.getTracerProvider() as Partial<ProxyTracerProvider>
    return (provider.getDelegate?.() ?? provider) !== NO_TRACER_PROVIDER
  } catch (problem) {
    reportOnce('TracerProvider.getDelegate', problem)
    return true
  }
}
