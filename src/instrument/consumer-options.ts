import { oneOf, withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { flag } from '../options/values.ts'

/** How a consumer's messages are told. */
export interface ConsumerOptions {
  /**
   * Where the process span of a single message belongs: `continue` (default) makes it a child of the span that sent the
   * message, with a link to it; `link` makes it the root of a trace of its own, with that link alone. A batch is always
   * a root with links.
   */
  readonly trace?: 'continue' | 'link' | undefined
  /** The partition on `msk_iam.consumer.messages_behind`: one series for each. Default false: their sum. */
  readonly behindByPartition?: boolean | undefined
}

export const consumerOptions = optionSet(
  {
    trace: withDefault(oneOf(['continue', 'link']), 'continue'),
    behindByPartition: withDefault(flag, false),
  },
  { example: "{ trace: 'link' }" },
)
