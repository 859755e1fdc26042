import { ApiKey, ErrorCode, served } from './api.ts'
import { apiVersions, apiVersionsUnsupported } from './api-versions.ts'
import type { Cluster } from './cluster.ts'
import { initProducerId } from './init-producer-id.ts'
import { metadata, metadataRefused } from './metadata.ts'
import { produce } from './produce.ts'
import { type Outcome, type Request, readRequest } from './request.ts'
import { type RequestFault, withFault } from './request-fault.ts'
import type { Rights } from './rights.ts'
import { type SaslHost, SaslSession } from './sasl.ts'
import { unsupported } from './unsupported.ts'

/** What the requests of one connection need of their broker. */
export interface RequestHost extends SaslHost {
  readonly nodeId: number
  readonly cluster: Cluster
  onRequest(request: Request, principal: string | undefined): RequestFault | undefined
  onUnsupported(request: Request, principal: string | undefined): void
  rightsOf(principal: string): Rights
}

/** The requests of one connection. */
export class RequestHandler {
  readonly #host: RequestHost
  readonly #sasl: SaslSession

  constructor(host: RequestHost) {
    this.#host = host
    this.#sasl = new SaslSession(host)
  }

  get authenticated(): boolean {
    return this.#sasl.principal !== undefined
  }

  /** Whether there was a session to end: of this principal, or of anybody. */
  expireSession(principal: string | undefined): boolean {
    const { principal: own } = this.#sasl
    if (own === undefined || own !== (principal ?? own)) return false
    this.#sasl.expire()
    return true
  }

  handle(frame: Buffer): Outcome | Promise<Outcome> {
    if (this.#sasl.awaitsRawToken) return this.#sasl.authenticateRaw(frame)
    const request = readRequest(frame)
    const fault = this.#host.onRequest(request, this.#sasl.principal)
    if (!this.#sasl.admits(request)) return { ending: 'close' }
    if (this.#sasl.interruptedBy(request)) return this.#refuse(request)
    if (fault === undefined) return this.#serve(request, ErrorCode.None)
    switch (fault.kind) {
      case 'error':
        return this.#serve(request, fault.errorCode)
      case 'hang':
      case 'close':
      case 'reset':
        return { ending: fault.kind }
      default:
        return map(this.#serve(request, ErrorCode.None), (outcome) => withFault(outcome, fault))
    }
  }

  #refuse(request: Request): Outcome | Promise<Outcome> {
    if (!request.served) return { ending: 'close' }
    const code = ErrorCode.IllegalSaslState
    const refused =
      request.apiKey === ApiKey.Metadata ? metadataRefused(request, code) : this.#serve(request, code)
    return map(refused, (outcome) => ({ ...outcome, ending: 'refused' }))
  }

  #serve(request: Request, fault: number): Outcome | Promise<Outcome> {
    if (!request.served) return this.#unsupported(request, fault)
    const { nodeId, cluster } = this.#host
    switch (request.apiKey) {
      case ApiKey.Produce:
        return produce(request, { nodeId, cluster, rights: this.#rights }, fault)
      case ApiKey.Metadata:
        return metadata(request, { cluster, rights: this.#rights }, fault)
      case ApiKey.InitProducerId:
        return initProducerId(request, { cluster, rights: this.#rights }, fault)
      case ApiKey.SaslHandshake:
        return this.#sasl.handshake(request, fault)
      case ApiKey.SaslAuthenticate:
        return this.#sasl.authenticate(request, fault)
      default:
        return apiVersions(request, fault)
    }
  }

  get #rights(): Rights {
    return this.#host.rightsOf(this.#sasl.principal ?? '')
  }

  #unsupported(request: Request, fault: number): Outcome {
    // Not worth a report: newer clients begin like this, and are told the version to come back with.
    if (request.apiKey === ApiKey.ApiVersions) return apiVersionsUnsupported(request)
    this.#host.onUnsupported(request, this.#sasl.principal)
    // As Kafka does with a version that it has not told of. What is not told of at all here is in any Kafka.
    if (served.has(request.apiKey)) return { ending: 'close' }
    return unsupported(request, fault || ErrorCode.UnsupportedVersion)
  }
}

/** What is at hand stays at hand, without a promise for each request. */
const map = (
  outcome: Outcome | Promise<Outcome>,
  change: (outcome: Outcome) => Outcome,
): Outcome | Promise<Outcome> => (outcome instanceof Promise ? outcome.then(change) : change(outcome))
