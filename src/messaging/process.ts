import { type Attributes, type Link, SpanKind } from '@opentelemetry/api'
import type { Group } from '../instrument/consumer-group.ts'
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
  group: Group,
  mode: 'continue' | 'link',
  handle: () => unknown,
): Promise<unknown> {
  const extracted = extractedContext(message)
  const links = linksTo([spanContextIn(extracted)])
  const attributes = (): Attributes => ({
    ...group.process(topic),
    [Attribute.MessagingPartition]: String(partition),
    [Attribute.KafkaOffset]: Number(message.offset),
    ...(message.value === null
      ? { [Attribute.KafkaTombstone]: true }
      : { [Attribute.MessagingBodySize]: message.value?.length ?? 0 }),
  })
  const answer = await observedProcessing(topic, 1, group, handle, {
    parent: mode === 'link' && links.length > 0 ? withoutSpan(extracted) : extracted,
    links,
    attributes: guarded('describing a message', attributes, {}),
  })
  const moved = () => group.behind.moved(topic, partition, message.offset)
  guarded('following an offset', moved, undefined)
  return answer
}

/** One span around the handler of a batch, whatever its size: a root with links to what sent its messages. */
export async function observedBatch(
  { topic, partition, messages }: Batch,
  group: Group,
  handle: () => unknown,
): Promise<unknown> {
  return await observedProcessing(topic, messages.length, group, handle, {
    parent: NO_CONTEXT,
    links: linksTo(carriedBy(messages)),
    attributes: {
      ...group.process(topic),
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
  group: Group,
  handle: () => unknown,
  { parent, links, attributes }: Placed,
): Promise<unknown> {
  const clientId = group.clientId === undefined ? {} : { [Attribute.MessagingClientId]: group.clientId }
  const made = group.measuredByOther ? undefined : processInstruments()
  if (messages > 0) count(made?.consumed, messages, group.process(topic))
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
    measure(made?.duration, (performance.now() - start) / 1000, group.process(topic, errorType))
  }
}
