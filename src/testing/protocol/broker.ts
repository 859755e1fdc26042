import * as net from 'node:net'
import * as tls from 'node:tls'
import { acceptTls } from './accept-tls.ts'
import type { Cluster } from './cluster.ts'
import { Connection } from './connection.ts'
import type { Request } from './request.ts'
import type { RequestFault } from './request-fault.ts'
import { RequestHandler } from './request-handler.ts'
import { ALL_RIGHTS, type Rights } from './rights.ts'
import {
  DEFAULT_MECHANISMS,
  type ExchangeAnswer,
  REAUTHENTICATION_INTERVAL_MS,
  type TokenOffered,
} from './sasl.ts'

export type { RequestFault } from './request-fault.ts'
export type { ExchangeAnswer } from './sasl.ts'

/** One token, offered on one connection. */
export interface Exchange extends TokenOffered {
  /** The broker's node id. */
  readonly broker: number
  /** The connection's number at this broker, from 1 on. */
  readonly connection: number
}

export interface RequestInfo {
  readonly broker: number
  readonly connection: number
  readonly apiKey: number
  readonly apiName: string
  readonly apiVersion: number
  readonly principal: string | undefined
}

export interface BrokerSettings {
  readonly nodeId: number
  readonly cluster: Cluster
  /** PEM; plain text where it is missing. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Before a principal's name where Kafka names it; on MSK `IAM`. Default: `User`. */
  readonly principalType?: string
  /** What the listener says it has; only OAUTHBEARER is served, and the default. */
  readonly mechanisms?: readonly string[]
  /** How soon after a re-authentication there may be another. Default: as Kafka's, 1 s. */
  readonly reauthenticationIntervalMs?: number
  onExchange(exchange: Exchange): ExchangeAnswer | Promise<ExchangeAnswer>
  /** Sees every request before it is served, and may let it go wrong. */
  onRequest?(request: RequestInfo): RequestFault | undefined
  onUnsupported?(request: RequestInfo): void
  /** Asked at every request. Default: everybody may do everything. */
  rightsOf?(principal: string): Rights
  /** What one of these callbacks threw. The connection is closed. Default: an uncaught exception. */
  onError?(error: unknown): void
}

export interface Broker extends AsyncDisposable {
  readonly nodeId: number
  readonly port: number
  /** `localhost:port`, which is what Metadata says too. */
  readonly address: string
  /** Accepted so far. */
  readonly connections: number
  readonly openConnections: number
  /** Ends the sessions of a principal, or all; how many there were. Their connections close at the next request. */
  expireSessions(principal?: string): number
  /** Closes every connection; nothing is left that would keep the process alive. */
  close(): Promise<void>
}

const HOST = 'localhost'

/** A broker on loopback that speaks enough of Kafka for clients to connect, to authenticate and to produce. */
export async function startBroker(settings: BrokerSettings): Promise<Broker> {
  const { nodeId, cluster } = settings
  const open = new Map<net.Socket, RequestHandler>()
  let connections = 0
  const secureContext = settings.tls && tls.createSecureContext(settings.tls)

  const server = net.createServer((transport) => {
    connections += 1
    transport.on('error', () => undefined)
    transport.on('close', () => open.delete(transport))
    const handler = handlerOf(settings, connections)
    open.set(transport, handler)
    const reset = () => void transport.resetAndDestroy()
    const serve = (socket: net.Socket) =>
      void new Connection({ socket, handler, reset, onError: settings.onError ?? throwLater })
    if (secureContext) acceptTls(transport, secureContext, serve)
    else serve(transport)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as net.AddressInfo
  cluster.addNode({ nodeId, host: HOST, port })

  const close = async () => {
    if (!server.listening) return
    cluster.removeNode(nodeId)
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of open.keys()) socket.destroy()
    await closed
  }
  return {
    nodeId,
    port,
    address: `${HOST}:${port}`,
    get connections() {
      return connections
    },
    get openConnections() {
      return open.size
    },
    expireSessions: (principal) =>
      [...open.values()].filter((handler) => handler.expireSession(principal)).length,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function handlerOf(settings: BrokerSettings, connection: number): RequestHandler {
  const { nodeId, cluster } = settings
  const info = ({ apiKey, apiName, apiVersion }: Request, principal: string | undefined): RequestInfo => ({
    broker: nodeId,
    connection,
    apiKey,
    apiName,
    apiVersion,
    principal,
  })
  return new RequestHandler({
    nodeId,
    cluster,
    principalType: settings.principalType ?? 'User',
    mechanisms: settings.mechanisms ?? DEFAULT_MECHANISMS,
    reauthenticationIntervalMs: settings.reauthenticationIntervalMs ?? REAUTHENTICATION_INTERVAL_MS,
    ask: (offered) => settings.onExchange({ broker: nodeId, connection, ...offered }),
    onRequest: (request, principal) => settings.onRequest?.(info(request, principal)),
    onUnsupported: (request, principal) => settings.onUnsupported?.(info(request, principal)),
    rightsOf: (principal) => settings.rightsOf?.(principal) ?? ALL_RIGHTS,
  })
}

/** A mistake in a test's callback has to be seen, and not only by the client whose connection breaks. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}
