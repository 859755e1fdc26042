import { checkedFault } from './check-fault.ts'
import type { RequestFault, RequestInfo } from './protocol/broker.ts'
import { RateLimit } from './rate-limit.ts'

/** What goes wrong, and when. Without `times` and `forMs` it lasts until it is removed. */
export type Fault = FaultEffect & FaultScope

export type FaultEffect =
  /** A refusal of an authentication in MSK's words, for example `Access denied`; the request id is put before it. */
  | { readonly refuse: string }
  /** More authentications than this in one second, at one broker, are refused with `Too many connects`. */
  | { readonly throttle: number }
  /** An authentication is accepted, and the session ends after so many ms, sooner than the client was told. */
  | { readonly expireAfterMs: number }
  /** The answer comes so much later, ms: 1 to 2147483647, as all durations here. */
  | { readonly delayMs: number }
  /** The request is answered with this error code of Kafka's protocol. Not for SaslAuthenticate: `refuse` is. */
  | { readonly errorCode: number }
  /**
   * `hang`: no answer; `close`: the connection is closed; `reset`: it is reset. The request is not done. With
   * `afterBytes` it is done, and the fault strikes in the middle of the answer: so many bytes of it are sent before,
   * though never all.
   */
  | { readonly connection: 'hang' | 'close' | 'reset'; readonly afterBytes?: number }
  /** The request is done, and then the connection is closed without an answer. */
  | { readonly connection: 'loseAcknowledgement' }

export interface FaultScope {
  /** The request, by its name in Kafka's protocol guide. Default `SaslAuthenticate`. */
  readonly on?: string
  /** Only at the broker of this index. */
  readonly broker?: number
  /** Only for this principal. An authentication is that of the token's principal, where the token is good. */
  readonly principal?: string
  /** The first so many that it would strike are let go. */
  readonly after?: number
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

type Struck = Pick<RequestInfo, 'apiName' | 'broker' | 'principal'>

/**
 * The faults that are on. The first that fits strikes.
 *
 * @example
 * ```ts
 * const denied = sandbox.faults.add({ refuse: 'Access denied', times: 1 })
 * await producer.connect()
 * console.log(denied.struck)
 * ```
 */
export class Faults {
  readonly #brokers: number
  readonly #now: () => number
  #active: ActiveFault[] = []

  constructor(brokers: number, now: () => number) {
    this.#brokers = brokers
    this.#now = now
  }

  /** @throws MskIamConfigurationError for a fault that could never strike, or that says nothing that goes wrong */
  add(fault: Fault): FaultHandle {
    const active = new ActiveFault(checkedFault(fault, this.#brokers), this.#now())
    this.#active.push(active)
    return {
      get struck() {
        return active.struck
      },
      remove: () => {
        this.#active = this.#active.filter((other) => other !== active)
      },
    }
  }

  clear(): void {
    this.#active = []
  }

  /** The fault that strikes this request, counted. */
  strike(request: Struck): Fault | undefined {
    return this.#active.find((active) => active.strikes(request, this.#now()))?.fault
  }
}

class ActiveFault {
  readonly fault: Fault
  struck = 0
  readonly #until: number
  readonly #limit: RateLimit | undefined
  #letGo = 0

  constructor(fault: Fault, now: number) {
    this.fault = fault
    this.#until = now + (fault.forMs ?? Number.POSITIVE_INFINITY)
    this.#limit = 'throttle' in fault ? new RateLimit(fault.throttle) : undefined
  }

  strikes(request: Struck, now: number): boolean {
    const { after = 0, times = Number.POSITIVE_INFINITY } = this.fault
    if (!this.#isFor(request) || now >= this.#until || this.struck >= times) return false
    if (this.#letGo < after) {
      this.#letGo += 1
      return false
    }
    if (this.#limit?.admits(request.broker, now)) return false
    this.struck += 1
    return true
  }

  #isFor(request: Struck): boolean {
    const { on = 'SaslAuthenticate', broker = request.broker, principal = request.principal } = this.fault
    return on === request.apiName && broker === request.broker && principal === request.principal
  }
}

/** As the protocol server takes it; undefined for what is the authentication's own. */
export function requestFault(fault: Fault): RequestFault | undefined {
  if ('delayMs' in fault) return { kind: 'delay', ms: fault.delayMs }
  if ('errorCode' in fault) return { kind: 'error', errorCode: fault.errorCode }
  if (!('connection' in fault)) return undefined
  if (fault.connection === 'loseAcknowledgement') return { kind: fault.connection }
  const { connection, afterBytes } = fault
  return afterBytes === undefined ? { kind: connection } : { kind: 'cut', ending: connection, afterBytes }
}
