import type { Attributes } from '@opentelemetry/api'
import { guarded } from '../telemetry/guard.ts'
import { Attribute } from '../telemetry/names.ts'

/** What is read of a message to tell of it. */
export interface DescribedMessage {
  readonly value?: unknown
  readonly partition?: unknown
}

const described = (work: () => Attributes): Attributes => guarded('describing a message', work, {})

/** What a link or span may say of one message before it is sent. */
export const messageAttributes = (message: DescribedMessage): Attributes =>
  described(() => ({
    // Where the caller has chosen it.
    ...(typeof message.partition === 'number'
      ? { [Attribute.MessagingPartition]: String(message.partition) }
      : {}),
    ...(message.value === null ? { [Attribute.KafkaTombstone]: true } : {}),
  }))

/** For spans of a single message only, by the conventions. */
export const bodySize = (message: DescribedMessage): Attributes =>
  described(() => {
    const { value } = message
    if (typeof value === 'string') return { [Attribute.MessagingBodySize]: Buffer.byteLength(value) }
    return ArrayBuffer.isView(value) ? { [Attribute.MessagingBodySize]: value.byteLength } : {}
  })
