import { SpanKind } from '@opentelemetry/api'
import { annotate, type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import { MskIamAuthenticationError } from '../failures/errors.ts'
import { fulfilsWithin, type Runtime, wait } from '../runtime.ts'
import { emitFailureLog, type FailureLine } from '../telemetry/failure-log.ts'
import { attributeCache, count, DURATION_BUCKETS, instruments, measure } from '../telemetry/instruments.ts'
import { Attribute, LogEvent, Metric, Span } from '../telemetry/names.ts'
import { serverAttributes } from '../telemetry/server-attributes.ts'
import { type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { age } from '../token/token.ts'
import type { Acquired, TokenCache } from '../token/token-cache.ts'
import type { AuthenticationProviderArgs } from '../types.ts'
import {
  decodeServerResponse,
  encodeGivingUp,
  encodeInitialResponse,
  type OauthBearerError,
} from './oauthbearer.ts'
import { ObservedExchange } from './observed-socket.ts'
import { admitted, enterGate, throttled } from './throttle-gate.ts'

export interface AuthenticatorSettings {
  readonly tokens: TokenCache
  readonly runtime: Runtime
  readonly region: string
  /** `msk_iam.provider.name` and `cloud.region`. */
  readonly attributes: Readonly<Record<string, string>>
  /** `server.address` and `server.port` on metrics too: one series for each broker. */
  readonly serverAddressOnMetrics: boolean
  /** The service's log; it learns here where that is. */
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

/**
 * kafkajs's `authenticationProvider`: one exchange with one broker, observed. What kafkajs throws is thrown on as it
 * is, with its type and code (kafkajs's own authenticator drops them) and with `failure` and `retriable` added.
 */
export function createAuthenticationProvider(settings: AuthenticatorSettings) {
  const metricAttributes = attributeCache((key: string) => {
    const [errorType, host, port] = JSON.parse(key) as [string | null, string, number]
    return {
      ...settings.attributes,
      ...(errorType === null ? {} : { [Attribute.ErrorType]: errorType }),
      ...(settings.serverAddressOnMetrics ? serverAttributes(host, port) : {}),
    }
  })
  const record = (seconds: number, { host, port }: AuthenticationProviderArgs, errorType: string | null) => {
    const made = authenticationInstruments()
    const key = settings.serverAddressOnMetrics ? [errorType, host, port] : [errorType]
    const attributes = metricAttributes(JSON.stringify(key))
    measure(made?.duration, seconds, attributes)
    if (errorType !== null) count(made?.failures, 1, attributes)
  }

  return (args: AuthenticationProviderArgs) => ({
    authenticate(): Promise<void> {
      settings.line.logger = args.logger
      const attributes = { ...settings.attributes, ...serverAttributes(args.host, args.port) }
      return withSpan(Span.Authenticate, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        const leave = await turnOrGivingUp(args, settings.runtime)
        try {
          await observedExchange(span, args, settings, record)
        } finally {
          leave()
        }
      })
    },
  })
}

async function observedExchange(
  span: SafeSpan,
  args: AuthenticationProviderArgs,
  { tokens, runtime, region, attributes, line }: AuthenticatorSettings,
  record: (seconds: number, args: AuthenticationProviderArgs, errorType: string | null) => void,
): Promise<void> {
  const broker = `${args.host}:${args.port}`
  const acquired = await tokenOrGivingUp(tokens, args, runtime)
  describe(span, acquired, runtime)
  const observed = new ObservedExchange((kind) => span.set({ [Attribute.AuthenticationKind]: kind }))
  const sent = runtime.monotonic()
  const seconds = () => (runtime.monotonic() - sent) / 1000
  try {
    await observed.run(() => exchange(args, acquired.token.value))
    record(seconds(), args, null)
    admitted(broker)
  } catch (error) {
    const failure = withRegionHint(classifyFailure(error), args.host, region)
    record(seconds(), args, failure.code)
    annotate(error, failure, true)
    if (failure.refusesToken) tokens.refuse(acquired.token)
    if (failure.code === 'too_many_connects') throttled(broker, runtime)
    emitFailureLog(LogEvent.AuthenticationFailed, failure, {
      ...attributes,
      ...serverAttributes(args.host, args.port),
    })
    line.write(failure, { broker })
    // An answer that is late would be taken for that of the next exchange.
    if (failure.code === 'authentication_timeout') await observed.closeConnection()
    if (isRefusal(error)) await wait(runtime, CLOSING_MS)
    throw survivable(error)
  }
}

/** A broker closes a refused connection right behind its answer; a retry that is too soon goes out on the dying socket. */
const CLOSING_MS = 150

const isRefusal = (error: unknown): boolean =>
  (error as { type?: unknown } | undefined)?.type === 'SASL_AUTHENTICATION_FAILED'

/**
 * Without a token there is nothing to send, but kafkajs has shaken hands already and would do so again on the same
 * connection, which a broker answers with ILLEGAL_SASL_STATE, and that would hide the cause. So the connection goes: we
 * close it where the socket is ours, else the broker does when it is sent no token.
 */
async function tokenOrGivingUp(
  tokens: TokenCache,
  { saslAuthenticate }: AuthenticationProviderArgs,
  runtime: Runtime,
): Promise<Acquired> {
  try {
    return await tokens.acquire()
  } catch (error) {
    await giveUp(saslAuthenticate, runtime)
    // Nothing will come before the pause is over: kafkajs would open connection after connection. Not the whole pause:
    // the waits of several sends add up behind kafkajs's lock.
    await wait(runtime, Math.min(tokens.backOff.remaining, CLOSING_MS))
    throw error
  }
}

/** A turn with a broker that throttles; the connection of a caller whose turn does not come goes as well. */
async function turnOrGivingUp(
  { host, port, saslAuthenticate }: AuthenticationProviderArgs,
  runtime: Runtime,
): Promise<() => void> {
  try {
    return await enterGate(`${host}:${port}`, runtime)
  } catch (error) {
    await giveUp(saslAuthenticate, runtime)
    throw error
  }
}

async function giveUp(
  saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'],
  runtime: Runtime,
): Promise<void> {
  const ending = new ObservedExchange(() => undefined, false)
  const sending = async () => saslAuthenticate({ request: { encode: encodeGivingUp } })
  const refused = ending.run(sending).catch(() => undefined)
  // A frame that is held back on a socket of ours is never answered.
  await fulfilsWithin(runtime, Promise.race([refused, ending.found]), GIVING_UP_MS)
  if (!(await ending.closeConnection())) await wait(runtime, CLOSING_MS)
}

const GIVING_UP_MS = 1_000

/**
 * kafkajs hangs for ever when a re-authentication with several sends behind it ends in an error of this type: it tears
 * the connection down under them. Without the type it reconnects.
 */
function survivable(error: unknown): unknown {
  if ((error as { type?: unknown } | undefined)?.type !== 'ILLEGAL_SASL_STATE') return error
  return new MskIamAuthenticationError('listener_without_sasl', { retriable: true, original: error })
}

function describe(span: SafeSpan, { token, result, joined }: Acquired, runtime: Runtime): void {
  span.set({ [Attribute.TokenResult]: result, [Attribute.TokenAge]: age(token, runtime) / 1000 })
  span.link(joined)
}

async function exchange({ saslAuthenticate }: AuthenticationProviderArgs, token: string): Promise<void> {
  const refused = await saslAuthenticate<OauthBearerError | undefined>({
    request: { encode: () => encodeInitialResponse(token) },
    response: { decode: (raw) => raw, parse: (frame) => decodeServerResponse(Buffer.from(frame)) },
  })
  if (refused)
    throw new MskIamAuthenticationError('oauthbearer_error', { detail: `status ${refused.status}` })
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
