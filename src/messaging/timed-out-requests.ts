import { AsyncLocalStorage } from 'node:async_hooks'

/** A request that a client has given up. */
export interface TimedOutRequest {
  readonly apiKey: number
  readonly correlationId: number
}

/**
 * Whose requests time out. kafkajs's event names only the broker and the request, and two connections to a broker can have
 * written requests with the same numbers. But a client looks for late requests in an interval of each connection, which
 * it starts when its socket has connected.
 */
const connections = new AsyncLocalStorage<(request: Partial<TimedOutRequest>) => void>()

/** Runs what a client does as soon as it is connected; `hear` gets the requests on this connection that time out. */
export const asConnection = <T>(hear: (request: Partial<TimedOutRequest>) => void, work: () => T): T =>
  connections.run(hear, work)

/** For whoever listens to a client: tells the connection that we are called from, where that wants to know. */
export const requestTimedOut = (request: Partial<TimedOutRequest>): void => connections.getStore()?.(request)
