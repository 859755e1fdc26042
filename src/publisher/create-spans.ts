import { type Context, type SpanContext, SpanKind } from '@opentelemetry/api'
import { Attribute, Span } from '../telemetry/names.ts'
import { type OpenSpan, openSpan } from '../telemetry/with-span.ts'
import { bodySize, type DescribedMessage, messageAttributes } from './message-attributes.ts'

interface CreatedMessages {
  readonly topic: string
  readonly messages: readonly DescribedMessage[]
}

const CREATE = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'create',
  [Attribute.MessagingOperationType]: 'create',
} as const

/** A span for each message that carries no context yet, topic by topic. They are over at once: creating is no work. */
export function createSpans(
  batch: readonly CreatedMessages[],
  carried: readonly (readonly (SpanContext | undefined)[])[],
): (OpenSpan | undefined)[][] {
  return batch.map(({ topic, messages }, at) =>
    messages.map((message, index) => {
      if (carried[at]?.[index]) return undefined
      const attributes = {
        ...CREATE,
        [Attribute.MessagingDestination]: topic,
        ...messageAttributes(message),
        ...bodySize(message),
      }
      const span = openSpan(`${Span.Create} ${topic}`, { kind: SpanKind.PRODUCER, attributes })
      span.end()
      return span
    }),
  )
}

export const contextsOf = (
  spans: readonly (readonly (OpenSpan | undefined)[])[],
): (Context | undefined)[][] => spans.map((topic) => topic.map((span) => span?.context))
