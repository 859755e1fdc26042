import { observedConnect } from '../messaging/connect.ts'
import { read } from '../options/check.ts'
import { guarded } from '../telemetry/guard.ts'
import { instrumentedSender, type Sender } from './instrument-sends.ts'
import { observedTransaction, type Transaction } from './instrument-transaction.ts'
import { checkInstrumented } from './instrumented-client.ts'
import { isRecordedByOther, reportOther } from './other-instrumentation.ts'
import { type ProducerOptions, producerOptions } from './producer-options.ts'
import { passOnTimeouts } from './timed-out-requests.ts'
import { isOverridden, override, type Replacements } from './wrapper.ts'

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

/**
 * A producer like the one given, whose `connect`, `send`, `sendBatch` and transactions are spans and metrics, and whose
 * messages carry the trace context. The one given stays as it is, and so do the caller's messages.
 *
 * Beside @opentelemetry/instrumentation-kafkajs these spans and counts take the place of its own.
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be; for what is no object
 *
 * @example
 * ```ts
 * const producer = instrumentProducer(kafka.producer())
 * await producer.connect()
 * await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
 * ```
 */
export function instrumentProducer<P extends ProducerLike>(producer: P, options: ProducerOptions = {}): P {
  const checked = read(producerOptions, options, 'instrumentProducer')
  checkInstrumented('producer', producer, 'instrumentProducer')
  if (isOverridden(producer, 'connect')) return producer
  const given = producer as unknown as Producer
  passOnTimeouts(given)
  reportOther(given, ['send', 'sendBatch', 'transaction'])
  const result = override(given, {
    connect: (connect, ...args) => observedConnect('producer', given, () => connect(...args)),
    ...instrumentedSends(given, checked),
  })
  return result as unknown as P
}

function instrumentedSends(given: Producer, options: ProducerOptions): Replacements<Producer> {
  const clientId = clientIds.get(given) ?? learnClientId(given)
  clientIds.set(given, clientId)
  const sends = (through: keyof Producer) =>
    instrumentedSender(clientId, { ...options, countedByOther: isRecordedByOther(given, through) })
  const inTransaction = sends('transaction')
  return {
    send: sends('send').send,
    sendBatch: sends('sendBatch').sendBatch,
    transaction: (begin, ...args) => observedTransaction(() => begin(...args), clientId(), inTransaction),
  }
}

/** A producer is listened to once, however often it is instrumented. */
const clientIds = new WeakMap<Producer, () => string | undefined>()

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
