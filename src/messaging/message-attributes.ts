import type { Attributes } from '@opentelemetry/api'
import { ownValue } from '../base/with-properties.ts'
import { reportOnce } from '../telemetry/guard.ts'
import { Attribute } from '../telemetry/names.ts'

/** What is read of a message to tell of it. */
export interface DescribedMessage {
  readonly value?: unknown
  readonly partition?: unknown
}

/** What a link or span may say of one message before it is sent. Getters are not run: what sends the message runs them. */
export function messageAttributes(message: DescribedMessage): Attributes {
  const attributes: Attributes = {}
  try {
    const partition = ownValue(message, 'partition')
    // Where the caller has chosen it.
    if (typeof partition === 'number') attributes[Attribute.MessagingPartition] = String(partition)
    if (ownValue(message, 'value') === null) attributes[Attribute.KafkaTombstone] = true
  } catch (problem) {
    reportOnce('describing a message', problem)
  }
  return attributes
}

/** For spans of a single message only, by the conventions. */
export function singleMessageAttributes(message: DescribedMessage): Attributes {
  const attributes = messageAttributes(message)
  try {
    const value = ownValue(message, 'value')
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : lengthOf(value)
    if (bytes !== undefined) attributes[Attribute.MessagingBodySize] = bytes
  } catch (problem) {
    reportOnce('describing a message', problem)
  }
  return attributes
}

const lengthOf = (value: unknown): number | undefined =>
  ArrayBuffer.isView(value) ? value.byteLength : undefined
