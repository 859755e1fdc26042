import type { SpanContext } from '@opentelemetry/api'
import type { Runtime } from '../base/clocks-and-timers.ts'
import type { MskIamTokenError } from '../failures/errors.ts'
import type { Refresh, Refreshed, RefreshRequest } from './refresh.ts'
import { refreshPolicy } from './retry.ts'

/** Attempts end by themselves; whoever comes this much later, ms, does not join any more. */
const GRACE_MS = 1_000

/** One refresh under way, for as many callers as join it. */
export class SharedRefresh {
  readonly refreshed: Promise<Refreshed>
  readonly #runtime: Runtime
  readonly #abort = new AbortController()
  readonly #endsAt: number
  readonly #endsAtMonotonic: number
  #span: SpanContext | undefined

  constructor(refresh: Refresh, request: Omit<RefreshRequest, 'signal' | 'onSpan'>, runtime: Runtime) {
    this.#runtime = runtime
    this.#endsAt = runtime.now() + refreshPolicy.totalMs + GRACE_MS
    this.#endsAtMonotonic = runtime.monotonic() + refreshPolicy.totalMs + GRACE_MS
    const onSpan = (span: SpanContext | undefined) => {
      this.#span = span
    }
    this.refreshed = refresh({ ...request, signal: this.#abort.signal, onSpan })
  }

  get span(): SpanContext | undefined {
    return this.#span
  }

  /** False past its end: the process slept through it, and nothing will come of it in time. */
  get live(): boolean {
    return this.#runtime.now() <= this.#endsAt && this.#runtime.monotonic() <= this.#endsAtMonotonic
  }

  /** Whoever waits for it gets the error. */
  abandon(error: MskIamTokenError): void {
    this.#abort.abort(error)
  }
}
