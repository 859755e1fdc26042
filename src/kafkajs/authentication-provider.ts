import { type AuthenticationSettings, Exchanges, type ReportedExchange } from '../authentication/exchange.ts'
import {
  decodeServerResponse,
  encodeGivingUp,
  encodeInitialResponse,
  type OauthBearerError,
} from '../authentication/oauthbearer.ts'
import { fulfilsWithin, type Runtime, wait } from '../base/clocks-and-timers.ts'
import { MskIamAuthenticationError } from '../failures/errors.ts'
import type { Acquired, TokenCache } from '../token/token-cache.ts'
import { type SaslExchange, takeExchange } from './sockets/sasl-exchange.ts'
import { admitted, enterGate, throttled } from './throttle-gate.ts'
import type { AuthenticationProviderArgs } from './types.ts'

export interface AuthenticatorSettings extends AuthenticationSettings {
  readonly tokens: TokenCache
}

export interface Authenticator {
  /**
   * kafkajs's `authenticationProvider`: one exchange with one broker, observed. What kafkajs throws is thrown on as it
   * is, with its type and code (kafkajs's own authenticator drops them) and with `failure` and `retriable` added.
   */
  authenticationProvider(args: AuthenticationProviderArgs): { authenticate: () => Promise<void> }
  /** For sockets of ours: records an exchange that failed before kafkajs called the provider. */
  onFailedHandshake(failed: ReportedExchange): void
}

/** What one exchange needs. */
interface Authenticating {
  readonly args: AuthenticationProviderArgs
  /** Where the socket is one of ours. */
  readonly exchange: SaslExchange | undefined
  readonly tokens: TokenCache
  readonly runtime: Runtime
}

export function createAuthenticator({ tokens, ...settings }: AuthenticatorSettings): Authenticator {
  const { runtime, line } = settings
  const exchanges = new Exchanges(settings)
  return {
    authenticationProvider: (args) => ({
      authenticate() {
        line.logger = args.logger
        const { host, port } = args
        return authenticate(exchanges, { args, exchange: takeExchange(host, port), tokens, runtime })
      },
    }),
    onFailedHandshake: (failed) => exchanges.reported(failed),
  }
}

async function authenticate(exchanges: Exchanges, authenticating: Authenticating): Promise<void> {
  const { args, exchange, tokens, runtime } = authenticating
  const { host, port } = args
  const broker = `${host}:${port}`
  let leave: (() => void) | undefined
  try {
    await exchanges.exchange({
      host,
      port,
      kind: exchange?.kind,
      async token() {
        leave = await turnOrGivingUp(authenticating)
        return tokenOrGivingUp(authenticating)
      },
      async send(token) {
        await exchangeToken(authenticating, token)
        admitted(broker)
      },
      async failed({ refusesToken, code }, error, token) {
        if (refusesToken) tokens.refuse(token)
        if (code === 'too_many_connects') throttled(broker, runtime)
        await endConnection(authenticating, error)
        return survivable(error)
      },
    })
  } finally {
    leave?.()
  }
}

/** A broker closes a refused connection right behind its answer; a retry that is too soon goes out on the dying socket. */
const CLOSING_MS = 150

/** kafkajs stays on a connection whose authentication has failed, and an answer that is late would be taken for another's. */
async function endConnection({ exchange, runtime }: Authenticating, error: unknown): Promise<void> {
  const refused = (error as { type?: unknown } | undefined)?.type === 'SASL_AUTHENTICATION_FAILED'
  if (refused) await wait(runtime, CLOSING_MS)
  await exchange?.close()
}

/**
 * Without a token there is nothing to send, but kafkajs has shaken hands already and would do so again on the same
 * connection, which a broker answers with ILLEGAL_SASL_STATE, and that would hide the cause.
 */
async function tokenOrGivingUp(authenticating: Authenticating): Promise<Acquired> {
  const { tokens, runtime } = authenticating
  try {
    return await tokens.acquire()
  } catch (error) {
    await giveUp(authenticating)
    // Nothing will come before the pause is over: kafkajs would open connection after connection. Not the whole pause:
    // the waits of several sends add up behind kafkajs's lock.
    await wait(runtime, Math.min(tokens.backOff.remaining, CLOSING_MS))
    throw error
  }
}

/** A turn with a broker that throttles. */
async function turnOrGivingUp(authenticating: Authenticating): Promise<() => void> {
  const { args, runtime } = authenticating
  try {
    return await enterGate(`${args.host}:${args.port}`, runtime)
  } catch (error) {
    await giveUp(authenticating)
    throw error
  }
}

/** Ends the exchange without a token. A socket that is not ours is closed by the broker, when it is sent none. */
async function giveUp({ args, exchange, runtime }: Authenticating): Promise<void> {
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

async function exchangeToken({ args, exchange }: Authenticating, token: string): Promise<void> {
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
