import { type Context, SpanKind } from '@opentelemetry/api'
import type { Runtime } from '../base/clocks-and-timers.ts'
import { annotate, type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import { withRegionHint } from '../failures/region-mismatch.ts'
import { emitFailureLog, type FailureLine } from '../telemetry/failure-log.ts'
import { attributeCache, count, DURATION_BUCKETS, instruments, measure } from '../telemetry/instruments.ts'
import { Attribute, LogEvent, Metric, Span } from '../telemetry/names.ts'
import { serverAttributes } from '../telemetry/server-attributes.ts'
import { openSpan, type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { age, type Token } from '../token/token.ts'
import type { Acquired } from '../token/token-cache.ts'

export type AuthenticationKind = 'initial' | 'reauthentication'

/** A broker, as the client names it. */
export interface Peer {
  readonly host: string
  readonly port: number
}

export interface AuthenticationSettings {
  readonly runtime: Runtime
  readonly region: string
  /** `msk_iam.provider.name` and `cloud.region`. */
  readonly attributes: Readonly<Record<string, string>>
  /** `server.address` and `server.port` on metrics too: one series for each broker. */
  readonly serverAddressOnMetrics: boolean
  /** The service's log. */
  readonly line: FailureLine
}

const authenticationInstruments = instruments((meter) => ({
  duration: meter.createHistogram(Metric.AuthenticationDuration, {
    unit: 's',
    description: 'One SASL exchange with one broker, from the frame sent to the answer read',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  }),
  failures: meter.createCounter(Metric.AuthenticationFailures, {
    unit: '{failure}',
    description: 'SASL exchanges that a broker refused, or that broke',
  }),
}))

/** An exchange that we run. */
export interface Exchange extends Peer {
  /** undefined where nobody can tell. */
  readonly kind: AuthenticationKind | undefined
  /** What it rejects with is no failure of the exchange: nothing was sent. */
  token(): Promise<Acquired>
  send(token: string): Promise<void>
  /** After the failure was recorded. @returns what is to be thrown */
  failed(failure: ClassifiedFailure, error: unknown, token: Token): Promise<unknown>
}

/** An exchange that a client ran by itself. */
export interface ReportedExchange extends Peer {
  readonly kind: AuthenticationKind
  readonly error: unknown
  /** How long it took, ms; it ended just now. */
  readonly ms: number
  /** What was active when it began. */
  readonly context: Context
}

/** The SASL exchanges of one provider with brokers: each is a span and a measurement, and a failure a record and a line. */
export class Exchanges {
  readonly #settings: AuthenticationSettings
  readonly #metricAttributes

  constructor(settings: AuthenticationSettings) {
    this.#settings = settings
    this.#metricAttributes = attributeCache((key: string) => {
      const [errorType, host, port] = JSON.parse(key) as [string | null, string, number]
      return {
        ...settings.attributes,
        ...(errorType === null ? {} : { [Attribute.ErrorType]: errorType }),
        ...(settings.serverAddressOnMetrics ? serverAttributes(host, port) : {}),
      }
    })
  }

  /** @throws what `token` rejects with; what `failed` makes of what `send` rejects with */
  exchange(exchange: Exchange): Promise<void> {
    return withSpan(Span.Authenticate, this.#spanSettings(exchange), async (span) => {
      if (exchange.kind) span.set({ [Attribute.AuthenticationKind]: exchange.kind })
      const acquired = await exchange.token()
      this.#describe(span, acquired)
      const { runtime } = this.#settings
      const sent = runtime.monotonic()
      const seconds = () => (runtime.monotonic() - sent) / 1000
      try {
        await exchange.send(acquired.token.value)
        this.#measure(exchange, seconds(), null)
      } catch (error) {
        throw await exchange.failed(this.#failed(exchange, seconds(), error), error, acquired.token)
      }
    })
  }

  /** Reads an error, records it and puts what was read beside it. */
  #failed(peer: Peer, seconds: number, error: unknown): ClassifiedFailure {
    const { region, attributes, line } = this.#settings
    const failure = withRegionHint(classifyFailure(error), peer.host, region)
    this.#measure(peer, seconds, failure.code)
    annotate(error, failure, true)
    const server = serverAttributes(peer.host, peer.port)
    emitFailureLog(LogEvent.AuthenticationFailed, failure, { ...attributes, ...server })
    line.write(failure, { broker: `${peer.host}:${peer.port}` })
    return failure
  }

  /** One that a client ran, which has failed. */
  reported({ host, port, kind, error, ms, context }: ReportedExchange): void {
    const { runtime } = this.#settings
    const span = openSpan(Span.Authenticate, {
      ...this.#spanSettings({ host, port }),
      parent: context,
      startTime: runtime.now() - ms,
    })
    span.set({ [Attribute.AuthenticationKind]: kind })
    span.run(() => this.#failed({ host, port }, ms / 1000, error))
    span.fail(error)
    span.end()
  }

  #describe(span: SafeSpan, { token, result, joined }: Acquired): void {
    const seconds = age(token, this.#settings.runtime) / 1000
    span.set({ [Attribute.TokenResult]: result, [Attribute.TokenAge]: seconds })
    span.link(joined)
  }

  #spanSettings({ host, port }: Peer) {
    const attributes = { ...this.#settings.attributes, ...serverAttributes(host, port) }
    return { kind: SpanKind.CLIENT, attributes }
  }

  #measure({ host, port }: Peer, seconds: number, errorType: string | null): void {
    const made = authenticationInstruments()
    const key = this.#settings.serverAddressOnMetrics ? [errorType, host, port] : [errorType]
    const attributes = this.#metricAttributes(JSON.stringify(key))
    measure(made?.duration, seconds, attributes)
    if (errorType !== null) count(made?.failures, 1, attributes)
  }
}
