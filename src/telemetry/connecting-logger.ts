import { AsyncLocalStorage } from 'node:async_hooks'
import { guarded } from './guard.ts'

/** The part of kafkajs's logger that is used. */
export interface LineLogger {
  error(message: string, extra?: object): void
}

/** A client of kafkajs, or what stands for one. */
interface Logging {
  logger?(): { namespace?(name: string): LineLogger | undefined } | undefined
}

/** As kafkajs names the logger that it hands to a provider. */
const NAMESPACE = 'SaslAuthenticator-OAUTHBEARER'

const connecting = new AsyncLocalStorage<Logging>()

/** Runs the `connect` of a client, which has a logger before kafkajs hands one to a provider. */
export const withLoggerOf = <T>(client: object, connect: () => T): T =>
  connecting.run(client as Logging, connect)

/** That of the client whose `connect` has opened the connection that we are called from. */
export const connectingLogger = (): LineLogger | undefined =>
  guarded(
    'the logger of a client',
    () => connecting.getStore()?.logger?.()?.namespace?.(NAMESPACE),
    undefined,
  )
