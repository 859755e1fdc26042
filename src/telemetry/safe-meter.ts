import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableCounter,
  ObservableGauge,
} from '@opentelemetry/api'
import { guarded, reportOnce, unawaited } from './guard.ts'
import { shownAttributes } from './shown.ts'

type Creation = 'createHistogram' | 'createCounter' | 'createObservableGauge' | 'createObservableCounter'

export type Observe = (instrument: Observable | undefined, value: number, attributes: Attributes) => void

/** A meter that cannot throw. An instrument that the SDK does not create is undefined, and costs no other one. */
export class SafeMeter {
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  createHistogram(name: string, options: MetricOptions): Histogram | undefined {
    return this.#create('createHistogram', name, options)
  }

  createCounter(name: string, options: MetricOptions): Counter | undefined {
    return this.#create('createCounter', name, options)
  }

  createObservableGauge(name: string, options: MetricOptions): ObservableGauge | undefined {
    return this.#create('createObservableGauge', name, options)
  }

  createObservableCounter(name: string, options: MetricOptions): ObservableCounter | undefined {
    return this.#create('createObservableCounter', name, options)
  }

  /** Calls `observation` whenever metrics are collected, as long as `isCurrent`. */
  whenCollected(
    instruments: readonly (Observable | undefined)[],
    isCurrent: () => boolean,
    observation: (observe: Observe) => void,
  ): void {
    const created = instruments.filter((instrument) => instrument !== undefined)
    try {
      const answer: unknown = this.#meter.addBatchObservableCallback((observer) => {
        const observe: Observe = (instrument, value, attributes) => {
          if (instrument) unawaited(observer.observe(instrument, value, shownAttributes(attributes)))
        }
        if (isCurrent()) guarded('Observer.observe', () => observation(observe), undefined)
      }, created)
      unawaited(answer)
    } catch (problem) {
      reportOnce('Meter.addBatchObservableCallback', problem)
    }
  }

  #create<M extends Creation>(method: M, name: string, options: MetricOptions) {
    try {
      const created = this.#meter[method](name, options) as ReturnType<Meter[M]> | null | undefined
      unawaited(created)
      if (typeof created === 'object' && created !== null) return created
      reportOnce(`Meter.${method}`, 'it gave something that is no instrument')
    } catch (problem) {
      reportOnce(`Meter.${method}`, problem)
    }
    return undefined
  }
}
