import { diag } from '@opentelemetry/api'
import {
  type AuthenticationProviderArgs,
  createAuthenticationProvider,
} from './authentication/authenticator.ts'
import { failureClass } from './failures/catalogue.ts'
import type { Failure } from './failures/errors.ts'
import { checkedOptions, type MskIamSaslOptions, type Settings } from './options.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import { FailureLine } from './telemetry/failure-log.ts'
import { createRefresh } from './token/refresh.ts'
import { awsSigner, customSigner, type TokenSigner } from './token/signer.ts'
import { TokenCache } from './token/token-cache.ts'
import { type TokenResult, tokenMetrics } from './token/token-metrics.ts'

/** What kafkajs, confluent's kafkajs-style API and @eventferry/kafka are given for a token. */
export interface OauthBearerToken {
  /** The token. It is a secret as long as it lives. */
  readonly value: string
  readonly principal: string
  /** When the token ends: absolute, epoch ms. */
  readonly lifetime: number
}

/** A plain snapshot, for health endpoints. It holds no secret. */
export interface MskIamSaslSnapshot {
  readonly name: string
  readonly region: string
  readonly closed: boolean
  /** The current token; undefined where there is none. */
  readonly token?: { readonly ageSeconds: number; readonly remainingSeconds: number }
  /** Life of the AWS credentials, where they say. */
  readonly credentialsRemainingSeconds?: number
  readonly consecutiveFailures: number
  /** Calls of the provider so far, by what they got. */
  readonly requests: Readonly<Record<TokenResult, number>>
  readonly lastFailure?: Failure & { readonly at: string }
}

/** The `sasl` block of a Kafka client. Its functions are bound: they can be passed around. */
export interface MskIamSasl {
  readonly mechanism: 'oauthbearer'
  readonly oauthBearerProvider: () => Promise<OauthBearerToken>
  readonly authenticationProvider: (args: AuthenticationProviderArgs) => { authenticate: () => Promise<void> }
  /** How the token is doing. */
  readonly inspect: () => MskIamSaslSnapshot
  /** Stops the timer and the refresh under way; whoever waits gets `provider_closed`. May be called twice. */
  readonly close: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * IAM authentication for Amazon MSK, as the `sasl` block of a Kafka client: signed tokens, cached and renewed ahead,
 * with every token and every authentication told to OpenTelemetry.
 *
 * @throws MskIamConfigurationError for an option that is missing, impossible or contradicts another
 */
export function createMskIamSasl(options: MskIamSaslOptions): MskIamSasl {
  return buildMskIamSasl(checkedOptions(options), systemRuntime)
}

/** The same with clocks and dice of the test's. */
export function buildMskIamSasl(settings: Settings, runtime: Runtime): MskIamSasl {
  const { identity, name, principal } = settings
  const metrics = tokenMetrics(name, identity.region, identityKey(settings))
  const line = new FailureLine(runtime)
  const signer = signerOf(settings, runtime)
  const tokens = new TokenCache(
    createRefresh(signer, metrics, line, runtime),
    settings.policy,
    metrics,
    runtime,
    () => signer.credentialsRemainingLife(),
  )
  const authenticationProvider = createAuthenticationProvider({
    tokens,
    runtime,
    region: identity.region,
    attributes: metrics.attributes,
    serverAddressOnMetrics: settings.serverAddressOnMetrics,
    line,
  })
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => {
      const { token } = await tokens.acquire()
      return { value: token.value, principal, lifetime: token.expiresAt }
    },
    authenticationProvider,
    inspect: () => snapshot(settings, tokens),
    close: () => tokens.close(),
    [Symbol.asyncDispose]: async () => tokens.close(),
  }
}

function signerOf({ identity, signer, name }: Settings, runtime: Runtime): TokenSigner {
  if (signer) return customSigner(signer, identity)
  let told = false
  return awsSigner(identity, runtime, () => {
    if (told) return
    told = true
    const row = failureClass('credentials_expiry_unknown')
    diag.warn(`kafka-iam-otel: provider "${name}": ${row?.title}. ${row?.hint} [${row?.code}]`)
  })
}

/** Two providers of one name with different keys would add up in one series. */
function identityKey({ identity, signer }: Settings): string {
  const { awsProfile, awsRoleArn, awsRoleSessionName, credentials } = identity
  return JSON.stringify([awsProfile, awsRoleArn, awsRoleSessionName, Boolean(credentials), Boolean(signer)])
}

function snapshot({ name, identity }: Settings, tokens: TokenCache): MskIamSaslSnapshot {
  const { age, remainingLifetime, credentialsRemainingLifetime, consecutiveFailures } = tokens.tokenState()
  const last = tokens.backOff.last
  return {
    name,
    region: identity.region,
    closed: tokens.closed,
    ...(age === undefined || remainingLifetime === undefined
      ? {}
      : { token: { ageSeconds: age, remainingSeconds: remainingLifetime } }),
    ...(credentialsRemainingLifetime === undefined
      ? {}
      : { credentialsRemainingSeconds: credentialsRemainingLifetime }),
    consecutiveFailures,
    requests: { ...tokens.requests },
    ...(last ? { lastFailure: { ...last.error.failure, at: new Date(last.at).toISOString() } } : {}),
  }
}
