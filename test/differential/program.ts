/** A program of client calls, as data: it can be printed, shrunk and run again. */
export interface Program {
  /** Of everything random inside a run. */
  readonly seed: number
  readonly cluster: ClusterSettings
  readonly kafka: KafkaSettings
  readonly clients: readonly ClientSettings[]
  readonly steps: readonly Step[]
}

/** Where the programs run: the sandbox, or the real broker of the stack. */
export interface ClusterSettings {
  readonly brokers: number
  /** Topics with their partitions. */
  readonly topics: Readonly<Record<string, number>>
  readonly sessionSeconds?: number
}

export interface KafkaSettings {
  readonly retries: number
  readonly requestTimeout: number
  readonly debug?: boolean
  /** Before the good ones stands an address at which nobody listens. */
  readonly deadSeed?: boolean
  readonly perMessageSpans?: boolean
}

export interface ClientSettings {
  readonly kind: 'producer' | 'consumer' | 'admin'
  readonly options: Value
  /** What the client is before it is wrapped: kafkajs's own object, that one frozen, or a user's class around it. */
  readonly shape: 'plain' | 'frozen' | 'class' | 'subclass'
}

export type Step =
  | CallStep
  | ReplaceStep
  | { readonly do: 'inspect'; readonly client: number; readonly probe: string; readonly member: string }
  | { readonly do: 'listen'; readonly client: number; readonly event: string; readonly listener: string }
  | { readonly do: 'fault'; readonly fault: object }
  | { readonly do: 'mend' }
  | { readonly do: 'moveLeader'; readonly topic: string; readonly partition: number; readonly broker: number }
  | { readonly do: 'expireSessions' }
  /** Until so many calls of a callback were seen, or the time is over. */
  | { readonly do: 'until'; readonly callback: string; readonly calls: number }
  | { readonly do: 'parallel'; readonly steps: readonly Step[] }

export interface CallStep {
  readonly do: 'call'
  /** The client of this index, or its last transaction. */
  readonly client: number
  readonly on?: 'client' | 'transaction' | 'logger'
  readonly method: string
  readonly args: readonly Value[]
  /** As a method, taken off the client, or off a copy of it. */
  readonly how?: 'method' | 'detached' | 'spread'
}

export interface ReplaceStep {
  readonly do: 'replace'
  readonly client: number
  readonly method: string
  readonly how: 'assign' | 'define' | 'getter' | 'constant' | 'delete' | 'freeze' | 'seal'
}

/** JSON, and what is none as `{ $: … }`. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [key: string]: Value }
  | Special

export type Special =
  | { readonly $: 'undefined' | 'symbol' | 'date' | 'map' | 'cyclic' | 'hole' }
  | { readonly $: 'number'; readonly is: string }
  | { readonly $: 'bigint'; readonly is: string }
  | { readonly $: 'bytes' | 'array bytes'; readonly hex: string }
  | { readonly $: Shape; readonly of: Value }
  /** The value, whose field throws when it is read. */
  | { readonly $: 'throwing'; readonly field: string; readonly of: Value }
  | { readonly $: 'callback'; readonly name: string; readonly does: string }

/** What an object is: frozen, an instance of a class with getters on its prototype, … */
export type Shape =
  | 'frozen'
  | 'instance'
  | 'frozen instance'
  | 'private'
  | 'null prototype'
  | 'proxy'
  | 'getters'

export const SHAPES: readonly Shape[] = [
  'frozen',
  'instance',
  'frozen instance',
  'private',
  'null prototype',
  'proxy',
  'getters',
]
