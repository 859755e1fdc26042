import { withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { flag } from '../options/values.ts'

/** How a producer's sends are told. */
export interface ProducerOptions {
  /**
   * A `create` span for each message, whose context the message carries; the send links to them. Default false: the
   * messages carry the context of the send, which is one span whatever its size.
   */
  readonly perMessageSpans?: boolean | undefined
}

export const producerOptions = optionSet(
  { perMessageSpans: withDefault(flag, false) },
  { example: '{ perMessageSpans: true }' },
)
