import type { RequestFault, RequestInfo } from './protocol/broker.ts'

/** What goes wrong, and for whom. Without `times` and `forMs` it lasts until it is removed. */
export type Fault = FaultEffect & FaultScope

export type FaultEffect =
  /** A refusal of an authentication in MSK's words, for example `Access denied`; the request id is put before it. */
  | { readonly refuse: string }
  /** The answer comes so much later, ms. */
  | { readonly delayMs: number }
  /** The request is answered with this error code of Kafka's protocol. Not for SaslAuthenticate: `refuse` is. */
  | { readonly errorCode: number }
  /**
   * `hang`: no answer; `close`: the connection is closed; `reset`: it is reset; `loseAcknowledgement`: the request is
   * done, and then the connection is closed without an answer.
   */
  | { readonly connection: 'hang' | 'close' | 'reset' | 'loseAcknowledgement' }

export interface FaultScope {
  /** The request, by its name in Kafka's protocol guide. Default `SaslAuthenticate`. */
  readonly on?: string
  /** Only at the broker of this index. */
  readonly broker?: number
  /** Only for this principal. An authentication is that of the token's principal, where the token is good. */
  readonly principal?: string
  /** Only so many times. */
  readonly times?: number
  /** Only for so long, ms. */
  readonly forMs?: number
}

export interface FaultHandle {
  /** How many times it struck. */
  readonly struck: number
  remove(): void
}

interface Active extends FaultHandle {
  readonly fault: Fault
  readonly until: number
  struck: number
}

/** The faults that are on. The first that fits strikes. */
export class Faults {
  readonly #now: () => number
  #active: Active[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  add(fault: Fault): FaultHandle {
    const active: Active = {
      fault,
      until: this.#now() + (fault.forMs ?? Number.POSITIVE_INFINITY),
      struck: 0,
      remove: () => {
        this.#active = this.#active.filter((other) => other !== active)
      },
    }
    this.#active.push(active)
    return active
  }

  clear(): void {
    this.#active = []
  }

  /** The fault that strikes this request, counted. */
  strike(request: Pick<RequestInfo, 'apiName' | 'broker' | 'principal'>): Fault | undefined {
    const fits = ({ fault, until, struck }: Active) =>
      (fault.on ?? 'SaslAuthenticate') === request.apiName &&
      (fault.broker === undefined || fault.broker === request.broker) &&
      (fault.principal === undefined || fault.principal === request.principal) &&
      struck < (fault.times ?? Number.POSITIVE_INFINITY) &&
      this.#now() < until
    const active = this.#active.find(fits)
    if (!active) return undefined
    active.struck += 1
    return active.fault
  }
}

/** As the protocol server takes it. */
export function requestFault(fault: Fault): RequestFault | undefined {
  if ('delayMs' in fault) return { kind: 'delay', ms: fault.delayMs }
  if ('errorCode' in fault) return { kind: 'error', errorCode: fault.errorCode }
  return 'connection' in fault ? { kind: fault.connection } : undefined
}
