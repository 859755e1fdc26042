import { KafkaPublishError } from '../failures/errors.ts'

/** One element of the caller's list, read once. */
export interface Entry {
  /** As the caller gave it; undefined in a hole of the list. */
  readonly source: unknown
  /** What reading it threw. */
  readonly unreadable?: unknown
}

/**
 * The list as it is now, with an entry for each index, holes included. The caller may change it later, and it may be a Proxy
 * or have methods of its own, so it is not read again.
 *
 * @throws KafkaPublishError `message_invalid` where it is no list
 */
export function entriesOf(messages: unknown): Entry[] {
  const length = lengthOf(messages)
  if (length === undefined) {
    throw new KafkaPublishError('message_invalid', { detail: '`publish` takes an array of messages' })
  }
  return Array.from({ length }, (_, index) => {
    try {
      return { source: (messages as unknown[])[index] }
    } catch (problem) {
      return { source: undefined, unreadable: problem ?? 'nothing' }
    }
  })
}

function lengthOf(messages: unknown): number | undefined {
  try {
    return Array.isArray(messages) && Number.isSafeInteger(messages.length) ? messages.length : undefined
  } catch {
    return undefined
  }
}
