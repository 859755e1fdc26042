import { SpanKind } from '@opentelemetry/api'
import type { Runtime } from '../base/runtime.ts'
import { annotate, type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import type { FailedHandshake } from '../kafkajs/sockets/sasl-exchange.ts'
import { emitFailureLog, type FailureLine } from '../telemetry/failure-log.ts'
import { attributeCache, count, DURATION_BUCKETS, instruments, measure } from '../telemetry/instruments.ts'
import { Attribute, LogEvent, Metric, Span } from '../telemetry/names.ts'
import { serverAttributes } from '../telemetry/server-attributes.ts'
import { openSpan, type SafeSpan, withSpan } from '../telemetry/with-span.ts'

/** A broker, as kafkajs names it. */
export interface Peer {
  readonly host: string
  readonly port: number
}

export interface AuthenticationTelemetrySettings {
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

/** What is recorded of the authentications of one provider. */
export class AuthenticationTelemetry {
  readonly #settings: AuthenticationTelemetrySettings
  readonly #metricAttributes

  constructor(settings: AuthenticationTelemetrySettings) {
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

  span<T>(peer: Peer, work: (span: SafeSpan) => Promise<T>): Promise<T> {
    return withSpan(Span.Authenticate, this.#spanSettings(peer), work)
  }

  succeeded(peer: Peer, seconds: number): void {
    this.#measure(peer, seconds, null)
  }

  /** Reads an error, records it and puts what was read beside it. */
  failed(peer: Peer, seconds: number, error: unknown): ClassifiedFailure {
    const { region, attributes, line } = this.#settings
    const failure = withRegionHint(classifyFailure(error), peer.host, region)
    this.#measure(peer, seconds, failure.code)
    annotate(error, failure, true)
    const server = serverAttributes(peer.host, peer.port)
    emitFailureLog(LogEvent.AuthenticationFailed, failure, { ...attributes, ...server })
    line.write(failure, { broker: `${peer.host}:${peer.port}` })
    return failure
  }

  /** An authentication that ended before kafkajs called the provider. */
  handshakeFailed({ host, port, error, ms, context }: FailedHandshake): void {
    const { runtime } = this.#settings
    const span = openSpan(Span.Authenticate, {
      ...this.#spanSettings({ host, port }),
      parent: context,
      startTime: runtime.now() - ms,
    })
    span.set({ [Attribute.AuthenticationKind]: 'initial' })
    span.run(() => this.failed({ host, port }, ms / 1000, error))
    span.fail(error)
    span.end()
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

/** The names of MSK brokers carry their region: a token for another one is the first thing to look at. */
function withRegionHint(failure: ClassifiedFailure, host: string, region: string): ClassifiedFailure {
  const brokers = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(host)?.[1]
  if (!failure.refusesToken || brokers === undefined || brokers === region) return failure
  return {
    ...failure,
    hint: `The broker is in ${brokers}, but the token was signed for ${region}: set \`region\`. ${failure.hint}`,
  }
}
