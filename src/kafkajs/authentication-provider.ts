import {
  AuthenticationTelemetry,
  type AuthenticationTelemetrySettings,
} from '../authentication/authentication-telemetry.ts'
import {
  decodeServerResponse,
  encodeGivingUp,
  encodeInitialResponse,
  type OauthBearerError,
} from '../authentication/oauthbearer.ts'
import { fulfilsWithin, type Runtime, wait } from '../base/runtime.ts'
import { MskIamAuthenticationError } from '../failures/errors.ts'
import { Attribute } from '../telemetry/names.ts'
import type { SafeSpan } from '../telemetry/with-span.ts'
import { age } from '../token/token.ts'
import type { Acquired, TokenCache } from '../token/token-cache.ts'
import { type FailedHandshake, type SaslExchange, takeExchange } from './sockets/sasl-exchange.ts'
import { admitted, enterGate, throttled } from './throttle-gate.ts'
import type { AuthenticationProviderArgs } from './types.ts'

export interface AuthenticatorSettings extends AuthenticationTelemetrySettings {
  readonly tokens: TokenCache
}

export interface Authenticator {
  /**
   * kafkajs's `authenticationProvider`: one exchange with one broker, observed. What kafkajs throws is thrown on as it
   * is, with its type and code (kafkajs's own authenticator drops them) and with `failure` and `retriable` added.
   */
  authenticationProvider(args: AuthenticationProviderArgs): { authenticate: () => Promise<void> }
  /** For sockets of ours: records an exchange that failed before kafkajs called the provider. */
  onFailedHandshake(failed: FailedHandshake): void
}

/** What one exchange needs. */
interface Attempt {
  readonly args: AuthenticationProviderArgs
  /** Where the socket is one of ours. */
  readonly exchange: SaslExchange | undefined
  readonly tokens: TokenCache
  readonly runtime: Runtime
  readonly telemetry: AuthenticationTelemetry
}

export function createAuthenticator({ tokens, ...settings }: AuthenticatorSettings): Authenticator {
  const { runtime, line } = settings
  const telemetry = new AuthenticationTelemetry(settings)
  return {
    authenticationProvider: (args) => ({
      authenticate(): Promise<void> {
        line.logger = args.logger
        const attempt = { args, exchange: takeExchange(args.host, args.port), tokens, runtime, telemetry }
        return telemetry.span(args, async (span) => {
          if (attempt.exchange) span.set({ [Attribute.AuthenticationKind]: attempt.exchange.kind })
          const leave = await turnOrGivingUp(attempt)
          try {
            await observedExchange(span, attempt)
          } finally {
            leave()
          }
        })
      },
    }),
    onFailedHandshake: (failed) => telemetry.handshakeFailed(failed),
  }
}

async function observedExchange(span: SafeSpan, attempt: Attempt): Promise<void> {
  const { args, tokens, runtime, telemetry } = attempt
  const broker = `${args.host}:${args.port}`
  const acquired = await tokenOrGivingUp(attempt)
  describe(span, acquired, runtime)
  const sent = runtime.monotonic()
  const seconds = () => (runtime.monotonic() - sent) / 1000
  try {
    await exchangeToken(attempt, acquired.token.value)
    telemetry.succeeded(args, seconds())
    admitted(broker)
  } catch (error) {
    const failure = telemetry.failed(args, seconds(), error)
    if (failure.refusesToken) tokens.refuse(acquired.token)
    if (failure.code === 'too_many_connects') throttled(broker, runtime)
    await endConnection(attempt, error)
    throw survivable(error)
  }
}

/** A broker closes a refused connection right behind its answer; a retry that is too soon goes out on the dying socket. */
const CLOSING_MS = 150

/** kafkajs stays on a connection whose authentication has failed, and an answer that is late would be taken for another's. */
async function endConnection({ exchange, runtime }: Attempt, error: unknown): Promise<void> {
  const refused = (error as { type?: unknown } | undefined)?.type === 'SASL_AUTHENTICATION_FAILED'
  if (refused) await wait(runtime, CLOSING_MS)
  await exchange?.close()
}

/**
 * Without a token there is nothing to send, but kafkajs has shaken hands already and would do so again on the same
 * connection, which a broker answers with ILLEGAL_SASL_STATE, and that would hide the cause.
 */
async function tokenOrGivingUp(attempt: Attempt): Promise<Acquired> {
  const { tokens, runtime } = attempt
  try {
    return await tokens.acquire()
  } catch (error) {
    await giveUp(attempt)
    // Nothing will come before the pause is over: kafkajs would open connection after connection. Not the whole pause:
    // the waits of several sends add up behind kafkajs's lock.
    await wait(runtime, Math.min(tokens.backOff.remaining, CLOSING_MS))
    throw error
  }
}

/** A turn with a broker that throttles. */
async function turnOrGivingUp(attempt: Attempt): Promise<() => void> {
  const { args, runtime } = attempt
  try {
    return await enterGate(`${args.host}:${args.port}`, runtime)
  } catch (error) {
    await giveUp(attempt)
    throw error
  }
}

/** Ends the exchange without a token. A socket that is not ours is closed by the broker, when it is sent none. */
async function giveUp({ args, exchange, runtime }: Attempt): Promise<void> {
  if (exchange) return exchange.abandon()
  const refused = (async () => args.saslAuthenticate({ request: { encode: encodeGivingUp } }))()
  await fulfilsWithin(runtime, refused, GIVING_UP_MS)
  await wait(runtime, CLOSING_MS)
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

async function exchangeToken({ args, exchange }: Attempt, token: string): Promise<void> {
  const send = (message: Buffer) =>
    args.saslAuthenticate<OauthBearerError | undefined>({
      request: { encode: () => message },
      response: { decode: (raw) => raw, parse: (frame) => decodeServerResponse(Buffer.from(frame)) },
    })
  let refused = await send(encodeInitialResponse(token))
  // Not sent: see Reauthentication.
  if (exchange?.answersApart) refused = await send(encodeGivingUp())
  if (refused)
    throw new MskIamAuthenticationError('oauthbearer_error', { detail: `status ${refused.status}` })
}
