import type { Attributes, Observable } from '@opentelemetry/api'
import { warn } from '../telemetry/guard.ts'
import {
  attributeCache,
  count,
  DURATION_BUCKETS,
  followMeterProvider,
  instruments,
  measure,
  whenCollected,
} from '../telemetry/instruments.ts'
import { Attribute, Metric } from '../telemetry/names.ts'
import type { SafeMeter } from '../telemetry/safe-meter.ts'
import type { TokenResult } from './types.ts'

/** Every result is counted from 0. */
export const TOKEN_RESULTS: readonly TokenResult[] = [
  'hit',
  'refresh_ahead',
  'stale',
  'miss',
  'joined',
  'error',
]

/** Why a refresh was started. */
export type RefreshTrigger = 'first' | 'expired' | 'ahead' | 'timer' | 'rejected'

/** What one provider says of itself when metrics are collected. Seconds; undefined where there is nothing to say. */
export interface TokenState {
  readonly age: number | undefined
  readonly remainingLifetime: number | undefined
  readonly credentialsRemainingLifetime: number | undefined
  readonly consecutiveFailures: number
  /** Whether a timer renews its token: without one, a token that runs out is nothing to worry about. */
  readonly backgroundRefresh: boolean
}

export interface Observed {
  tokenState(): TokenState
}

/**
 * All providers of one name and region: they share their series. Counters live as long as the process and never fall,
 * or a backend would take it for a restart; gauges speak for those providers that are still there.
 */
class ProviderGroup {
  readonly attributes: Attributes
  readonly requests: Record<TokenResult, { count: number; readonly attributes: Attributes }>
  readonly #members = new Set<WeakRef<Observed>>()
  /** Both kinds that there have been: what is gone is told as 0. */
  readonly #background = new Map<boolean, Attributes>()
  readonly #identity: string

  constructor(name: string, region: string, identity: string) {
    this.#identity = identity
    this.attributes = Object.freeze({ [Attribute.ProviderName]: name, [Attribute.CloudRegion]: region })
    const entry = (result: TokenResult) => [
      result,
      { count: 0, attributes: Object.freeze({ ...this.attributes, [Attribute.TokenResult]: result }) },
    ]
    this.requests = Object.fromEntries(TOKEN_RESULTS.map(entry)) as ProviderGroup['requests']
  }

  add(member: Observed, identity: string): () => void {
    if (identity !== this.#identity) {
      warn(
        `two providers named "${this.attributes[Attribute.ProviderName]}" sign with different identities, ` +
          'and their metrics are added up: give each its own `name`',
      )
    }
    const ref = new WeakRef(member)
    this.#members.add(ref)
    const { backgroundRefresh } = member.tokenState()
    if (!this.#background.has(backgroundRefresh)) {
      const attributes = { ...this.attributes, [Attribute.RefreshBackground]: backgroundRefresh }
      this.#background.set(backgroundRefresh, Object.freeze(attributes))
    }
    return () => this.#members.delete(ref)
  }

  states(): TokenState[] {
    const states: TokenState[] = []
    for (const ref of this.#members) {
      const member = ref.deref()
      if (member) states.push(member.tokenState())
      else this.#members.delete(ref)
    }
    return states
  }

  /** How many of them there are, with and without a timer. */
  providers(states: readonly TokenState[]): { count: number; attributes: Attributes }[] {
    return [...this.#background].map(([background, attributes]) => ({
      count: states.filter((state) => state.backgroundRefresh === background).length,
      attributes,
    }))
  }
}

const groups = new Map<string, ProviderGroup>()

const tokenInstruments = instruments((meter) => {
  const made = {
    refreshDuration: meter.createHistogram(Metric.RefreshDuration, {
      unit: 's',
      description: 'Time to get a new token, all attempts together',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    }),
    refreshFailures: meter.createCounter(Metric.RefreshFailures, {
      unit: '{failure}',
      description: 'Refreshes that failed, also where the token in hand goes on being used',
    }),
    signerRetries: meter.createCounter(Metric.SignerRetries, {
      unit: '{retry}',
      description: 'Attempts of the signer after a transient failure, by that failure',
    }),
  }
  observeGroups(meter)
  return made
})

function observeGroups(meter: SafeMeter): void {
  const requests = meter.createObservableCounter(Metric.TokenRequests, {
    unit: '{request}',
    description: 'Calls of the provider, by what the caller got',
  })
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  const age = gauge(Metric.TokenAge, 's', 'Age of the oldest current token')
  const remaining = gauge(
    Metric.TokenRemainingLifetime,
    's',
    'Least life left of a current token; 0 where a first refresh failed',
  )
  const credentials = gauge(
    Metric.CredentialsRemainingLifetime,
    's',
    'Least life left of the AWS credentials',
  )
  const failures = gauge(
    Metric.ConsecutiveFailures,
    '{failure}',
    'Refreshes failed in a row, the most of any provider',
  )
  const providers = gauge(Metric.Providers, '{provider}', 'Providers that are open')
  const all = [requests, age, remaining, credentials, failures, providers]
  whenCollected(meter, all, (observe) => {
    for (const group of groups.values()) {
      for (const { count, attributes } of Object.values(group.requests)) observe(requests, count, attributes)
      const states = group.states()
      const one = (instrument: Observable | undefined, key: keyof Measured, pick: typeof Math.max) => {
        // A NaN or an infinity would make the collector refuse all metrics of this process.
        const finite = states.map((state) => state[key]).filter((value) => Number.isFinite(value)) as number[]
        if (finite.length > 0) observe(instrument, pick(...finite), group.attributes)
      }
      one(age, 'age', Math.max)
      one(remaining, 'remainingLifetime', Math.min)
      one(credentials, 'credentialsRemainingLifetime', Math.min)
      one(failures, 'consecutiveFailures', Math.max)
      for (const { count, attributes } of group.providers(states)) observe(providers, count, attributes)
    }
  })
}

type Measured = Omit<TokenState, 'backgroundRefresh'>

/** What one provider measures. */
export interface TokenMetrics {
  /** `msk_iam.provider.name` and `cloud.region`. */
  readonly attributes: Attributes & Record<string, string>
  requested(result: TokenResult): void
  refreshed(trigger: RefreshTrigger, seconds: number, errorType?: string): void
  retried(errorType: string): void
  /** Makes its gauges speak, until the result is called or it is gone. */
  observe(member: Observed): () => void
}

export function tokenMetrics(name: string, region: string, identity: string): TokenMetrics {
  const key = JSON.stringify([name, region])
  const group = groups.get(key) ?? new ProviderGroup(name, region, identity)
  groups.set(key, group)
  const withError = attributeCache((errorType: string) => ({
    ...group.attributes,
    [Attribute.ErrorType]: errorType,
  }))
  return {
    attributes: group.attributes as TokenMetrics['attributes'],
    requested(result) {
      group.requests[result].count += 1
      // A look at the global meter provider, so that an SDK that starts after us is found.
      followMeterProvider()
    },
    refreshed(trigger, seconds, errorType) {
      const made = tokenInstruments()
      const base = { ...group.attributes, [Attribute.RefreshTrigger]: trigger }
      measure(
        made?.refreshDuration,
        seconds,
        errorType === undefined ? base : { ...base, [Attribute.ErrorType]: errorType },
      )
      if (errorType !== undefined) count(made?.refreshFailures, 1, withError(errorType))
    },
    retried: (errorType) => count(tokenInstruments()?.signerRetries, 1, withError(errorType)),
    observe: (member) => {
      tokenInstruments()
      return group.add(member, identity)
    },
  }
}
