import type { ServicePlan, Subject } from './stage.ts'

/** A fault, the alert that it must raise, and the code that must be in a trace. */
export interface Fault {
  readonly name: string
  /** In the table. */
  readonly what: string
  readonly alert: string
  /** `error.type` of a span; undefined where the fault makes no failed span. */
  readonly code?: string
  readonly service: ServicePlan
  inject(subject: Subject): Promise<void> | void
  /** Also after a fault that was never injected. */
  clear(subject: Subject): Promise<void> | void
  /** Minutes to wait for the alert, and for its end. */
  readonly alertsWithin: number
  readonly resolvesWithin: number
  /** What else must hold. */
  readonly promises?: Promises
  /** It strikes all services, so it comes alone; and the alert may be of none. */
  readonly everybody?: { readonly alertOfService: boolean }
}

export interface Promises {
  readonly mostLost?: number
  readonly leastTokenSeconds?: number
}

export interface Outcome {
  readonly fault: Fault
  /** Seconds. */
  secondsToAlert?: number
  secondsToResolve?: number
  /** Of the token when the alert fired, s. */
  tokenSeconds?: number | undefined
  /** From the injection until the alert had resolved. */
  lost?: number
  /** Published meanwhile. */
  published?: number
  codeInTrace?: boolean
  /** Other alerts of the same service. */
  others: string[]
  /** Why it is no success. */
  problems: string[]
}
