import { type Attributes, type Link, SpanKind } from '@opentelemetry/api'
import { NO_CONTEXT, spanContextIn, withoutSpan } from '../telemetry/contexts.ts'
import { guarded } from '../telemetry/guard.ts'
import { count, instruments, MESSAGING_BUCKETS, measure } from '../telemetry/instruments.ts'
import { Attribute, Metric, Span } from '../telemetry/names.ts'
import { withSpan } from '../telemetry/with-span.ts'
import { handlerFailure } from './handler-failure.ts'
import { carriedContext, extractedContext, type HeaderedMessage, linksTo } from './propagation.ts'

interface Message extends HeaderedMessage {
  readonly value: Uint8Array | null
  readonly offset: string
}

/** What `eachMessage` is given. */
export interface Received {
  readonly topic: string
  readonly partition: number
  readonly message: Message
}

/** What `eachBatch` is given. */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
}

/** The consumer that handles them. */
export interface Handler {
  readonly clientId: string | undefined
  /** The attributes of processing, frozen and the same each time. */
  process(topic: string, errorType?: string): Attributes
  readonly behind: { moved(topic: string, partition: number, offset: string): void }
  /** Another instrumentation counts the messages and measures their processing. */
  readonly measuredByOther: boolean
}

export const isMessage = (payload: Received | undefined): payload is Received =>
  typeof payload?.topic === 'string' && typeof payload.message === 'object' && payload.message !== null

export const isBatch = (batch: Batch | undefined): batch is Batch =>
  typeof batch?.topic === 'string' && Array.isArray(batch.messages)

const processInstruments = instruments((meter) => ({
  duration: meter.createHistogram(Metric.ProcessDuration, {
    unit: 's',
    description: 'Duration of processing operation.',
    advice: { explicitBucketBoundaries: MESSAGING_BUCKETS },
  }),
  consumed: meter.createCounter(Metric.ConsumedMessages, {
    unit: '{message}',
    description: 'Number of messages that were delivered to the application.',
  }),
}))

/** The span around the handler of one message, in the context that the message carries. */
export async function observedMessage(
  { topic, partition, message }: Received,
  consumer: Handler,
  mode: 'continue' | 'link',
  handle: () => unknown,
): Promise<unknown> {
  const extracted = extractedContext(message)
  const links = linksTo([spanContextIn(extracted)])
  const attributes = (): Attributes => ({
    ...consumer.process(topic),
    [Attribute.MessagingPartition]: String(partition),
    [Attribute.KafkaOffset]: Number(message.offset),
    ...(message.value === null
      ? { [Attribute.KafkaTombstone]: true }
      : { [Attribute.MessagingBodySize]: message.value?.length ?? 0 }),
  })
  const answer = await observedProcessing(topic, 1, consumer, handle, {
    parent: mode === 'link' && links.length > 0 ? withoutSpan(extracted) : extracted,
    links,
    attributes: guarded('describing a message', attributes, {}),
  })
  const moved = () => consumer.behind.moved(topic, partition, message.offset)
  guarded('following an offset', moved, undefined)
  return answer
}

/** One span around the handler of a batch, whatever its size: a root with links to what sent its messages. */
export async function observedBatch(
  { topic, partition, messages }: Batch,
  consumer: Handler,
  handle: () => unknown,
): Promise<unknown> {
  return await observedProcessing(topic, messages.length, consumer, handle, {
    parent: NO_CONTEXT,
    links: linksTo(carriedBy(messages)),
    attributes: {
      ...consumer.process(topic),
      [Attribute.MessagingPartition]: String(partition),
      [Attribute.MessagingBatchCount]: messages.length,
    },
  })
}

/** One by one, since after 128 links nobody asks for more. */
function* carriedBy(messages: readonly Message[]) {
  for (const message of messages) yield carriedContext(message)
}

interface Placed {
  readonly parent: ReturnType<typeof extractedContext>
  readonly links: readonly Link[]
  readonly attributes: Attributes
}

async function observedProcessing(
  topic: string,
  messages: number,
  consumer: Handler,
  handle: () => unknown,
  { parent, links, attributes }: Placed,
): Promise<unknown> {
  const clientId = consumer.clientId === undefined ? {} : { [Attribute.MessagingClientId]: consumer.clientId }
  const made = consumer.measuredByOther ? undefined : processInstruments()
  if (messages > 0) count(made?.consumed, messages, consumer.process(topic))
  const start = performance.now()
  let errorType: string | undefined
  try {
    return await withSpan(
      `${Span.Process} ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        parent,
        links,
        attributes: { ...attributes, ...clientId },
        read: handlerFailure,
      },
      async () => handle(),
    )
  } catch (error) {
    errorType = handlerFailure(error).code
    throw error
  } finally {
    measure(made?.duration, (performance.now() - start) / 1000, consumer.process(topic, errorType))
  }
}
