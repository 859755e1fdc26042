import {
  type Attributes,
  createNoopMeter,
  type MeterProvider,
  metrics,
  type Observable,
} from '@opentelemetry/api'
import { VERSION } from '../base/version.ts'
import { reportOnce, unawaited } from './guard.ts'
import { SCHEMA_URL, SCOPE } from './names.ts'
import { type Observe, SafeMeter } from './safe-meter.ts'
import { shownAttributes, shownOnce } from './shown.ts'

/** Seconds. The SDK's default boundaries suit milliseconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Seconds, as semantic conventions 1.45 say for `messaging.*` durations. */
export const MESSAGING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

let provider: MeterProvider | undefined
let meter: SafeMeter | undefined
/** Whether that is one of an SDK. */
let listening = true
/** Creates again every instrument that this process has used. */
const inUse = new Set<() => void>()

/**
 * A look at the global meter provider (15 ns). A meter that was requested before the SDK started stays silent for ever,
 * unlike a tracer, and the API calls nobody when an SDK starts. So whatever we do looks first, any span and any
 * measurement: the first of them after the start creates all instruments in use, those of tokens included.
 */
export function followMeterProvider(): void {
  try {
    const current = metrics.getMeterProvider()
    if (current === provider) return
    provider = current
    meter = undefined
    const given = metrics.getMeter(SCOPE, VERSION, { schemaUrl: SCHEMA_URL })
    unawaited(given)
    listening = given !== createNoopMeter()
    meter = new SafeMeter(given)
  } catch (problem) {
    reportOnce('MeterProvider.getMeter', problem)
  }
  for (const create of inUse) create()
}

/** Whether there is an SDK for metrics. */
export function metersListen(): boolean {
  followMeterProvider()
  return listening
}

/** Instruments, created when they are first used and again for each meter provider that comes after. */
export function instruments<T>(create: (meter: SafeMeter) => T): () => T | undefined {
  let created: T | undefined
  const renew = () => {
    created = meter && create(meter)
  }
  return () => {
    followMeterProvider()
    if (!inUse.has(renew)) {
      inUse.add(renew)
      renew()
    }
    return created
  }
}

/**
 * Calls `observation` whenever metrics are collected. A meter provider that was replaced continues to collect, and gets
 * nothing any more.
 */
export function whenCollected(
  of: SafeMeter,
  instruments: readonly (Observable | undefined)[],
  observation: (observe: Observe) => void,
): void {
  const isCurrent = () => {
    followMeterProvider()
    return of === meter
  }
  of.whenCollected(instruments, isCurrent, observation)
}

/** Records with a histogram, where there is one. It cannot throw. */
export function measure(
  instrument: { record(value: number, attributes?: Attributes): void } | undefined,
  value: number,
  attributes: Attributes,
): void {
  if (!instrument) return
  try {
    unawaited(instrument.record(value, shownAttributes(attributes)))
  } catch (problem) {
    reportOnce('Histogram.record', problem)
  }
}

/** Adds to a counter, where there is one. It cannot throw. */
export function count(
  instrument: { add(value: number, attributes?: Attributes): void } | undefined,
  value: number,
  attributes: Attributes,
): void {
  if (!instrument) return
  try {
    unawaited(instrument.add(value, shownAttributes(attributes)))
  } catch (problem) {
    reportOnce('Counter.add', problem)
  }
}

/**
 * The same frozen object for the same keys: the SDK keeps attribute objects by reference, and a hot path makes none.
 * Past `limit` different ones nothing more is kept.
 */
export function attributeCache<A, B = undefined>(
  make: (first: A, second?: B) => Attributes,
  limit = 1000,
): (first: A, second?: B) => Attributes {
  const cached = new Map<A, Map<B | undefined, Attributes>>()
  let size = 0
  return (first, second) => {
    const known = cached.get(first)?.get(second)
    if (known) return known
    const made = shownOnce(make(first, second))
    if (size < limit) {
      const ofFirst = cached.get(first) ?? new Map()
      cached.set(first, ofFirst.set(second, made))
      size += 1
    }
    return made
  }
}
