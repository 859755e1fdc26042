import { guarded, reportOnce } from '../telemetry/guard.ts'
import { instrumentedSender, type Sender } from './instrumented-sender.ts'
import { observedConnect } from './observed-connect.ts'
import { isWrapped, override } from './override.ts'
import type { ProducerOptions } from './producer-options.ts'
import { observedTransaction, type Transaction } from './transaction-telemetry.ts'

export type { ProducerOptions } from './producer-options.ts'

/** What is used of a kafkajs producer. */
interface Producer extends Sender {
  connect(): Promise<void>
  transaction?(): Promise<Transaction>
  on?(event: string, listener: (event: { payload?: { clientId?: string } }) => void): () => void
  events?: { REQUEST?: string }
}

/** Anything that connects and sends as a kafkajs producer does. */
export interface ProducerLike {
  connect: (...args: never[]) => Promise<unknown>
  send: (...args: never[]) => Promise<unknown>
}

const instrumented = new WeakSet<object>()

/**
 * A producer like the one given, whose `connect`, `send`, `sendBatch` and transactions are spans and metrics, and whose
 * messages carry the trace context. The one given stays as it is, and so do the caller's messages.
 *
 * A producer whose `send` another instrumentation wraps already gets the connect span only: one send, one span.
 */
export function instrumentProducer<P extends ProducerLike>(producer: P, options: ProducerOptions = {}): P {
  if (instrumented.has(producer)) return producer
  const given = producer as unknown as Producer
  const wrapped = isWrapped(given.send)
  if (wrapped) {
    reportOnce(
      'a producer',
      'another instrumentation already wraps it: its send spans and messaging metrics are kept, ours are left out',
    )
  }
  const result = override(producer, {
    connect: () => observedConnect('producer', () => given.connect()),
    ...(wrapped ? {} : instrumentedSends(given, options)),
  })
  instrumented.add(result)
  return result
}

function instrumentedSends(given: Producer, options: ProducerOptions): Partial<Producer> {
  const clientId = learnClientId(given)
  const sender = (of: Sender) => instrumentedSender(of, clientId, options)
  const begin = given.transaction?.bind(given)
  return {
    ...sender(given),
    ...(begin ? { transaction: () => observedTransaction(begin, clientId(), sender) } : {}),
  }
}

/** kafkajs tells the client id with its first request only. */
function learnClientId(producer: Producer): () => string | undefined {
  let clientId: string | undefined
  guarded(
    'listening to a producer',
    () => {
      const { events } = producer
      if (!producer.on || !events?.REQUEST) return
      const stop = producer.on(events.REQUEST, ({ payload }) => {
        clientId = payload?.clientId
        stop()
      })
    },
    undefined,
  )
  return () => clientId
}
