/** What a case may ask of the Kafka it runs against, whichever that is. */
import { readFileSync } from 'node:fs'
import type { FaultName } from '../../scripts/fault.ts'
import type { Permissions } from '../../src/testing/index.ts'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Published {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string | null>>
}

/** The faults that both can make while they run. */
export type CaseFault = Exclude<FaultName, 'short-session' | 'principal-change'>

export interface TruthCluster {
  readonly brokers: string[]
  readonly region: string
  readonly ssl: { ca: string }
  /** Strikes every authentication of `orders-service` from now on. */
  fault(name: CaseFault): void
  mend(): void
  /** A topic of the case's own, empty. */
  createTopic(partitions: number): Promise<string>
  /** What is in it, partition by partition. */
  published(topic: string): Promise<Published[]>
}

export interface Identity {
  readonly principal: string
  readonly accessKeys: readonly Keys[]
  readonly permissions: Permissions
}

/** Those of the stack, which the sandbox is given too. */
export const identities = JSON.parse(
  readFileSync(new URL('../../stack/identities.json', import.meta.url), 'utf8'),
) as Identity[]

export function keysOf(principal: string): Keys {
  const keys = identities.find((identity) => identity.principal === principal)?.accessKeys[0]
  if (keys === undefined) throw new Error(`stack/identities.json has no ${principal}`)
  return keys
}

/** As the fault `slow` is used here: longer than the clients' patience. */
export const SLOW_SECONDS = 3
/** As the stack has them: MSK_MAX_REAUTH_MS, and the fault `short-session`. */
export const SESSION_SECONDS = { usual: 45, short: 12 }
