import { type Attributes, type Meter, metrics } from '@opentelemetry/api'
import { VERSION } from '../version.ts'
import { guarded } from './guard.ts'
import { SCOPE } from './names.ts'

/** Seconds. The SDK's default boundaries suit milliseconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Seconds, as semantic conventions 1.45 say for `messaging.*` durations. */
export const MESSAGING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/**
 * Instruments, made when they are first used and made again when the global meter provider has changed: unlike tracers,
 * a meter that was asked for before the SDK started stays silent for ever.
 */
export function instruments<T>(create: (meter: Meter) => T): () => T | undefined {
  let provider: unknown
  let made: T | undefined
  return () => {
    const current = metrics.getMeterProvider()
    if (current !== provider) {
      provider = current
      made = guarded('creating instruments', () => create(metrics.getMeter(SCOPE, VERSION)), undefined)
    }
    return made
  }
}

/** A histogram or counter that is optional and cannot throw. */
export function measure(
  instrument: { record(value: number, attributes?: Attributes): void } | undefined,
  value: number,
  attributes: Attributes,
): void {
  if (instrument) guarded('recording a measurement', () => instrument.record(value, attributes), undefined)
}

export function count(
  instrument: { add(value: number, attributes?: Attributes): void } | undefined,
  value: number,
  attributes: Attributes,
): void {
  if (instrument) guarded('counting', () => instrument.add(value, attributes), undefined)
}

/**
 * The same frozen object for the same key: the SDK keeps attribute objects by reference, and a hot path makes none.
 * Past `limit` different keys nothing more is kept.
 */
export function attributeCache<K>(make: (key: K) => Attributes, limit = 1000): (key: K) => Attributes {
  const cached = new Map<K, Attributes>()
  return (key) => {
    const known = cached.get(key)
    if (known) return known
    const made = Object.freeze(make(key))
    if (cached.size < limit) cached.set(key, made)
    return made
  }
}
