import { guarded, reportOnce } from '../telemetry/guard.ts'
import { observedConnect } from './observed-connect.ts'
import { override } from './override.ts'
import { type HeaderedMessage, withContext } from './propagation.ts'
import { observedSend, type Sending, type SendOutcome, type Sent } from './send-telemetry.ts'

interface TopicRecord {
  topic: string
  messages: HeaderedMessage[]
}

/** What kafkajs answers for one partition. */
interface RecordMetadata {
  readonly topicName?: string
  readonly partition?: number
  readonly baseOffset?: string
}

interface Sender {
  send(record: TopicRecord): Promise<RecordMetadata[]>
  sendBatch(batch: { topicMessages?: TopicRecord[] }): Promise<RecordMetadata[]>
}

/** What is used of a kafkajs producer. */
interface Producer extends Sender {
  connect(): Promise<void>
  transaction?(): Promise<Sender>
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
 * A producer like the one given, whose `connect`, `send` and `sendBatch`, also those of its transactions, are spans and
 * metrics, and whose messages carry the trace context. The one given stays as it is, and so do the caller's messages.
 *
 * A producer whose `send` another instrumentation wraps already gets the connect span only: one send, one span.
 */
export function instrumentProducer<P extends ProducerLike>(producer: P): P {
  if (instrumented.has(producer)) return producer
  const given = producer as unknown as Producer
  const wrapped = isWrapped(given.send)
  if (wrapped) {
    reportOnce(
      'a producer',
      'another instrumentation already wraps it: its send spans and messaging metrics are kept, ours are left out',
    )
  }
  const clientId = learnClientId(given)
  const overrides = {
    connect: () => observedConnect('producer', () => given.connect()),
    ...(wrapped ? {} : instrumentedSender(given, clientId)),
    ...(wrapped || !given.transaction
      ? {}
      : {
          transaction: async () => {
            const transaction = (await given.transaction?.()) as Sender
            return override(transaction, instrumentedSender(transaction, clientId))
          },
        }),
  }
  const result = override(producer, overrides)
  instrumented.add(result)
  return result
}

function instrumentedSender(sender: Sender, clientId: () => string | undefined): Partial<Sender> {
  return {
    send: (record) => {
      if (!isTopicRecord(record)) return sender.send(record)
      return observedSend([record], clientId(), async (sending) =>
        sent([record], await sender.send(inContext(record, 0, sending))),
      )
    },
    ...(typeof sender.sendBatch === 'function'
      ? {
          sendBatch: (batch) => {
            const { topicMessages } = batch ?? {}
            if (!Array.isArray(topicMessages) || !topicMessages.every(isTopicRecord))
              return sender.sendBatch(batch)
            return observedSend(topicMessages, clientId(), async (sending) => {
              const inContexts = topicMessages.map((record, index) => inContext(record, index, sending))
              return sent(topicMessages, await sender.sendBatch({ ...batch, topicMessages: inContexts }))
            })
          },
        }
      : {}),
  }
}

/**
 * kafkajs answers with one entry for each partition, and does not say how many messages went there: they are counted by
 * topic, and the offsets come without messages.
 */
function sent(batch: readonly TopicRecord[], answers: RecordMetadata[]): Sent<RecordMetadata[]> {
  const counted: SendOutcome[] = batch.map(({ topic, messages }) => ({ topic, messages: messages.length }))
  const placed = () =>
    answers.map(({ topicName = '', partition, baseOffset }) => ({
      topic: topicName,
      messages: 0,
      partition,
      baseOffset,
    }))
  // Another client may answer anything, and its send succeeded all the same.
  const outcomes = [...counted, ...guarded('reading the answer of a send', placed, [])]
  return { value: answers, outcomes }
}

/** kafkajs answers bad arguments better than we could: what is not a record is passed on as it is. */
function isTopicRecord(record: unknown): record is TopicRecord {
  const { topic, messages } = (record ?? {}) as Partial<TopicRecord>
  return (
    typeof topic === 'string' &&
    Array.isArray(messages) &&
    messages.every((message) => typeof message === 'object' && message !== null)
  )
}

const inContext = (record: TopicRecord, index: number, { carried, context }: Sending): TopicRecord => ({
  ...record,
  messages: withContext(record.messages, carried[index] ?? [], context) as HeaderedMessage[],
})

/** OpenTelemetry's instrumentations mark what they wrap. */
const isWrapped = (method: unknown): boolean =>
  (method as { __wrapped?: boolean } | undefined)?.__wrapped === true

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
