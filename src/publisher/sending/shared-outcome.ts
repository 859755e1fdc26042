import type { PublishErrorKind } from '../publisher-types.ts'

/** The outcome of messages that were sent together, or refused for the same reason. */
export interface SharedOutcome<T> {
  readonly items: readonly T[]
  /** undefined where the message names none. */
  readonly topic: string | undefined
  readonly partition?: number
  /** The offset of the first message, if the broker reported it. */
  readonly baseOffset?: string | undefined
  readonly failed?: Failed
}

/** Why messages were not sent, or may not have been. */
export interface Failed {
  readonly error: unknown
  readonly kind: PublishErrorKind
  /** They were refused in this process: nothing was handed to kafkajs. */
  readonly notTried?: true
}
