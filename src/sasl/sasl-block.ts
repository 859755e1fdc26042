import type { Runtime } from '../base/clocks-and-timers.ts'
import { failureClass } from '../failures/catalogue.ts'
import { type Authenticator, createAuthenticator } from '../kafkajs/authentication-provider.ts'
import { FailureLine } from '../telemetry/failure-log.ts'
import { warn } from '../telemetry/guard.ts'
import { createRefresh } from '../token/refresh.ts'
import { awsSigner, customSigner, type TokenSigner } from '../token/signer.ts'
import type { Token } from '../token/token.ts'
import { TokenCache } from '../token/token-cache.ts'
import { tokenMetrics } from '../token/token-metrics.ts'
import type { Settings } from './sasl-options.ts'
import type { MskIamSasl, MskIamSaslSnapshot, OauthBearerToken } from './types.ts'

interface ForSockets {
  readonly sasl: MskIamSasl
  readonly onFailedHandshake: Authenticator['onFailedHandshake']
}

/** Puts the pieces together: signer, refresh, cache, kafkajs's hook. The runtime holds clocks and dice. */
export const buildMskIamSasl = (settings: Settings, runtime: Runtime): MskIamSasl =>
  buildForSockets(settings, runtime).sasl

/** The same, with what sockets of ours have to record. */
export function buildForSockets(settings: Settings, runtime: Runtime): ForSockets {
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
  const { authenticationProvider, onFailedHandshake } = createAuthenticator({
    tokens,
    runtime,
    region: identity.region,
    attributes: metrics.attributes,
    serverAddressOnMetrics: settings.serverAddressOnMetrics,
    line,
  })
  const sasl: MskIamSasl = {
    mechanism: 'oauthbearer',
    oauthBearerProvider: tokenProvider(tokens, principal),
    authenticationProvider,
    inspect: () => snapshot(settings, tokens),
    close: () => tokens.close(),
    [Symbol.asyncDispose]: async () => tokens.close(),
  }
  return { sasl, onFailedHandshake }
}

/** While a token is fresh, each call gets one and the same promise of a frozen answer: clients only read it. */
function tokenProvider(tokens: TokenCache, principal: string): MskIamSasl['oauthBearerProvider'] {
  const answerOf = ({ value, expiresAt }: Token): OauthBearerToken =>
    Object.freeze({ value, principal, lifetime: expiresAt })
  let last: { readonly token: Token; readonly answer: Promise<OauthBearerToken> } | undefined
  return () => {
    const token = tokens.hit()
    if (!token) return tokens.acquire().then((acquired) => answerOf(acquired.token))
    if (last?.token !== token) last = { token, answer: Promise.resolve(answerOf(token)) }
    return last.answer
  }
}

function signerOf({ identity, signer, name }: Settings, runtime: Runtime): TokenSigner {
  if (signer) return customSigner(signer, identity)
  let told = false
  return awsSigner(identity, runtime, () => {
    if (told) return
    told = true
    const row = failureClass('credentials_expiry_unknown')
    warn(`provider "${name}": ${row?.title}. ${row?.hint} [${row?.code}]`)
  })
}

/** Two providers of one name with different keys would add up in one series. */
function identityKey({ identity, signer }: Settings): string {
  const { awsProfile, awsRoleArn, awsRoleSessionName, credentials } = identity
  return JSON.stringify([
    awsProfile,
    awsRoleArn,
    awsRoleSessionName,
    numberOf(credentials?.given),
    numberOf(signer),
  ])
}

const numbers = new WeakMap<object, number>()
let objects = 0

/** The same for the same object: what is inside stays there. */
function numberOf(given: object | undefined): number | undefined {
  if (given === undefined) return undefined
  const number = numbers.get(given) ?? ++objects
  numbers.set(given, number)
  return number
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
