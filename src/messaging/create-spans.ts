import { type Context, SpanKind } from '@opentelemetry/api'
import { Attribute, Span } from '../telemetry/names.ts'
import { type OpenSpan, openSpan } from '../telemetry/with-span.ts'
import { type DescribedMessage, singleMessageAttributes } from './message-attributes.ts'
import type { ReadHeaders } from './propagation.ts'
import { isLegalTopic } from './topic-name.ts'

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
  read: readonly ReadHeaders[],
): (OpenSpan | undefined)[][] {
  return batch.map(({ topic, messages }, at) => {
    const legal = isLegalTopic(topic)
    const name = legal ? `${Span.Create} ${topic}` : Span.Create
    const place = legal ? { [Attribute.MessagingDestination]: topic } : {}
    return messages.map((message, index) => {
      if (read[at]?.contexts?.[index]) return undefined
      const attributes = {
        ...CREATE,
        ...place,
        ...singleMessageAttributes(message),
      }
      const span = openSpan(name, { kind: SpanKind.PRODUCER, attributes })
      span.end()
      return span
    })
  })
}

export const contextsOf = (
  spans: readonly (readonly (OpenSpan | undefined)[])[],
): (Context | undefined)[][] => spans.map((topic) => topic.map((span) => span?.context))
