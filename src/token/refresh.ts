import type { SpanContext } from '@opentelemetry/api'
import { type Runtime, wait } from '../base/clocks-and-timers.ts'
import { classifyFailure } from '../failures/classify.ts'
import { KafkaIamError, MskIamTokenError } from '../failures/errors.ts'
import { emitFailureLog, type FailureLine } from '../telemetry/failure-log.ts'
import { Attribute, LogEvent, Span } from '../telemetry/names.ts'
import { placement, type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { refreshPolicy, retryTransient } from './retry.ts'
import type { Signature, TokenSigner } from './signer.ts'
import { checkedToken, type Token } from './token.ts'
import { tokenError } from './token-error.ts'
import type { RefreshTrigger, TokenMetrics } from './token-metrics.ts'

export interface RefreshRequest {
  readonly trigger: RefreshTrigger
  /** Somebody waits for it; else it runs in the background, in a trace of its own. */
  readonly awaited: boolean
  /** The broker refused what the held credentials signed. */
  readonly credentialsAnew: boolean
  readonly signal: AbortSignal
  isRefused(value: string): boolean
  /** A token that came after it had been given up. */
  onLate(token: Token): void
  onSpan(span: SpanContext | undefined): void
}

/** What a refresh brought. With `failed`, the token was signed with credentials that could not be renewed. */
export interface Refreshed {
  readonly token: Token
  readonly failed?: KafkaIamError
}

/** Gets one new token: a span, attempts that end, checks, measurements. */
export type Refresh = (request: RefreshRequest) => Promise<Refreshed>

export function createRefresh(
  signer: TokenSigner,
  metrics: TokenMetrics,
  line: FailureLine,
  runtime: Runtime,
): Refresh {
  return async (request) => {
    const started = runtime.monotonic()
    const attributes = { ...metrics.attributes, [Attribute.RefreshTrigger]: request.trigger }
    const place = placement(request.awaited)
    let refreshed: Refreshed | undefined
    const settle = (failure?: KafkaIamError) =>
      metrics.refreshed(request.trigger, (runtime.monotonic() - started) / 1000, failure?.code)
    try {
      // A failed renewal is thrown inside the span, so that the span says so, and the token is kept all the same.
      await withSpan(Span.TokenRefresh, { ...place, attributes, phase: 'token' }, async (span) => {
        request.onSpan(span.spanContext)
        try {
          refreshed = await attempts(span, request, signer, metrics, runtime)
          if (refreshed.failed) throw refreshed.failed
        } catch (error) {
          logFailure(error, attributes, line)
          throw error
        }
      })
      settle()
    } catch (error) {
      const failure = tokenError(error)
      if (failure.code !== 'provider_closed') settle(failure)
      if (!refreshed) throw failure
    }
    return refreshed as Refreshed
  }
}

async function attempts(
  span: SafeSpan,
  request: RefreshRequest,
  signer: TokenSigner,
  metrics: TokenMetrics,
  runtime: Runtime,
): Promise<Refreshed> {
  let made = 0
  try {
    const { token, signature } = await retryTransient<Signed>(
      {
        attempt(number, bounded) {
          made = number
          const attributes = { [Attribute.SignerAttempt]: number }
          return withSpan(Span.TokenSign, { attributes, phase: 'token' }, () =>
            bounded(() => sign(request, signer, runtime)),
          )
        },
        isTransient: (error) => error instanceof KafkaIamError && error.retriable,
        onRetry: (error) => metrics.retried(classifyFailure(error, 'token').code),
        onLate: (late) => request.onLate(late.token),
      },
      refreshPolicy,
      runtime,
      request.signal,
    )
    span.set({
      [Attribute.TokenLifetime]: token.lifetime / 1000,
      [Attribute.CredentialsSource]: signature.source,
    })
    return signature.staleBecause === undefined
      ? { token }
      : { token, failed: tokenError(signature.staleBecause) }
  } finally {
    span.set({ [Attribute.SignerAttempts]: made })
  }
}

interface Signed {
  readonly token: Token
  readonly signature: Signature
}

async function sign(
  { credentialsAnew, isRefused, signal }: RefreshRequest,
  signer: TokenSigner,
  runtime: Runtime,
): Promise<Signed> {
  try {
    let signature = await signer.sign(credentialsAnew)
    if (isRefused(signature.token)) {
      // The date in a token counts whole seconds: the same credentials give another token in the next one, and 20 ms
      // more, since timers ring a little early.
      await wait(runtime, 1020 - (runtime.now() % 1000), signal)
      signature = { ...signature, ...(await signer.sign(false)) }
    }
    const token = checkedToken(signature, runtime)
    if (isRefused(token.value)) throw new MskIamTokenError('token_refused_again')
    return { token, signature }
  } catch (error) {
    throw tokenError(error)
  }
}

function logFailure(error: unknown, attributes: Record<string, string>, line: FailureLine): void {
  const failure = classifyFailure(error, 'token')
  if (failure.code === 'provider_closed') return
  emitFailureLog(LogEvent.RefreshFailed, failure, attributes)
  line.write(failure, { provider: attributes[Attribute.ProviderName] })
}
