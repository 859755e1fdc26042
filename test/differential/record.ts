import type { Described } from './describe.ts'
import type { LeftOpen } from './left-open.ts'

/** What could be seen of one run. JSON. */
export interface RunRecord {
  readonly steps: readonly StepRecord[]
  /** Calls of the caller's own functions: partitioners, listeners, handlers, replaced methods. */
  readonly callbacks: readonly Described[]
  /** The instrumentation events of each client, for each broker in their order. */
  readonly events: Readonly<Record<string, readonly Described[]>>
  readonly logs: readonly Described[]
  /** What reached the brokers, for each partition in its order. */
  readonly stored: Readonly<Record<string, readonly Described[]>>
  /** Authentications that the brokers saw, each with its outcome. */
  readonly authentications: readonly Described[]
  /** Requests that the sandbox does not serve. */
  readonly unsupported: readonly string[]
  /** Rejections and exceptions that nobody caught. */
  readonly uncaught: readonly Described[]
  /** After all clients were disconnected. */
  readonly open: LeftOpen
}

export interface StepRecord {
  /** `call send`, … */
  readonly step: string
  readonly outcome: Described
  /** The caller's arguments afterwards, where they are not as they were. */
  readonly changed?: Described
  readonly inner?: readonly StepRecord[]
}
