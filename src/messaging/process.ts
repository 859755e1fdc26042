import { type Attributes, type Context, type Link, SpanKind } from '@opentelemetry/api'
import { NO_CONTEXT, runIn, spanContextIn, withoutSpan } from '../telemetry/contexts.ts'
import { reportOnce } from '../telemetry/guard.ts'
import { count, instruments, MESSAGING_BUCKETS, measure } from '../telemetry/instruments.ts'
import { anybodyListens } from '../telemetry/listening.ts'
import { Attribute, Metric, Span } from '../telemetry/names.ts'
import { openSpan } from '../telemetry/with-span.ts'
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
export function observedMessage(
  { topic, partition, message }: Received,
  consumer: Handler,
  mode: 'continue' | 'link',
  handle: () => unknown,
): Promise<unknown> {
  const moved = (answer: unknown) => {
    follow(consumer, topic, partition, message)
    return answer
  }
  if (!anybodyListens()) return unobserved(handle).then(moved)
  const extracted = extractedContext(message)
  const sender = spanContextIn(extracted)
  const attributes: Attributes = { ...consumer.process(topic) }
  attributes[Attribute.MessagingPartition] = String(partition)
  describe(message, attributes)
  const placed = {
    parent: mode === 'link' && sender ? withoutSpan(extracted) : extracted,
    links: sender ? [{ context: sender }] : undefined,
    attributes,
  }
  return observedProcessing(topic, 1, consumer, handle, placed).then(moved)
}

/** One span around the handler of a batch, whatever its size: a root with links to what sent its messages. */
export function observedBatch(
  { topic, partition, messages }: Batch,
  consumer: Handler,
  handle: () => unknown,
): Promise<unknown> {
  if (!anybodyListens()) return unobserved(handle)
  return observedProcessing(topic, messages.length, consumer, handle, {
    parent: NO_CONTEXT,
    links: linksTo(carriedBy(messages)),
    attributes: {
      ...consumer.process(topic),
      [Attribute.MessagingPartition]: String(partition),
      [Attribute.MessagingBatchCount]: messages.length,
    },
  })
}

function describe(message: Message, attributes: Attributes): void {
  try {
    attributes[Attribute.KafkaOffset] = Number(message.offset)
    if (message.value === null) attributes[Attribute.KafkaTombstone] = true
    else attributes[Attribute.MessagingBodySize] = message.value?.length ?? 0
  } catch (problem) {
    reportOnce('describing a message', problem)
  }
}

function follow(consumer: Handler, topic: string, partition: number, message: Message): void {
  try {
    consumer.behind.moved(topic, partition, message.offset)
  } catch (problem) {
    reportOnce('following an offset', problem)
  }
}

/** One by one, since after 128 links nobody asks for more. */
function* carriedBy(messages: readonly Message[]) {
  for (const message of messages) yield carriedContext(message)
}

/** Nobody gets to see a span; but a crash afterwards is named by what the handler threw. */
async function unobserved(handle: () => unknown): Promise<unknown> {
  try {
    return await handle()
  } catch (error) {
    handlerFailure(error)
    throw error
  }
}

interface Placed {
  readonly parent: Context
  readonly links: readonly Link[] | undefined
  readonly attributes: Attributes
}

function observedProcessing(
  topic: string,
  messages: number,
  consumer: Handler,
  handle: () => unknown,
  { parent, links, attributes }: Placed,
): Promise<unknown> {
  const made = consumer.measuredByOther ? undefined : processInstruments()
  if (messages > 0) count(made?.consumed, messages, consumer.process(topic))
  if (consumer.clientId !== undefined) attributes[Attribute.MessagingClientId] = consumer.clientId
  const begun = performance.now()
  const settings = { kind: SpanKind.CONSUMER, parent, links, attributes, read: handlerFailure }
  const span = openSpan(`${Span.Process} ${topic}`, settings)
  const end = (errorType?: string) => {
    span.end()
    measure(made?.duration, (performance.now() - begun) / 1000, consumer.process(topic, errorType))
  }
  const handled = (answer: unknown) => {
    end()
    return answer
  }
  const failed = (error: unknown): never => {
    span.fail(error)
    end(handlerFailure(error).code)
    throw error
  }
  return runIn(span.context, () => begin(handle).then(handled, failed))
}

/** A handler need not be async. */
const begin = async (handle: () => unknown): Promise<unknown> => handle()
