/** What a process is, and how it fares. */

export interface Conditions {
  /** Why refreshes fail; undefined: they do not. */
  refreshFails: string | undefined
  /** Retries that each refresh takes. */
  signerRetries: number
  /** Nobody refreshes, as if the timer had died. */
  timerDead: boolean
  /** The source of credentials gives none that live longer. */
  credentialsFixed: boolean
  /** Authentications in a second that succeed. */
  authentications: number
  /** Authentications in a second that fail, by code. */
  refused: Record<string, number>
  /** Messages in a second that are published, one in a send. */
  published: number
  /** Messages in a second that are lost, by error type. */
  lost: Record<string, number>
  /** How long nine of ten sends take, in seconds. */
  latency: number
  /** Messages in a second that are handled. */
  handled: number
  /** The share of its time that it spends in the handler. */
  busy: number
  /** Messages in a second that the group falls behind. */
  fallsBehind: number
}

export const HEALTHY: Conditions = {
  refreshFails: undefined,
  signerRetries: 0,
  timerDead: false,
  credentialsFixed: false,
  // Three brokers, sessions of 15 minutes.
  authentications: 3 / 900,
  refused: {},
  published: 2,
  lost: {},
  latency: 0.02,
  handled: 0,
  busy: 0.1,
  fallsBehind: 0,
}

export interface ProcessOptions {
  readonly service: string
  readonly instance: string
  /** 0 to 1: where in its range each of its random choices falls. */
  readonly chance: number
  readonly bornAt: number
  /** Default true. */
  readonly backgroundRefresh?: boolean
  /** How long its tokens live. Seconds, default 900. */
  readonly tokenLife?: number
  /** Names the consumer group; without it the process consumes nothing. */
  readonly group?: string
  /** For fleets of a thousand: what is not looked at is left out. Default true. */
  readonly publishes?: boolean
  readonly conditions?: Partial<Conditions>
}
