import { optional } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { flag, milliseconds, wholeNumber } from '../options/values.ts'

/** Settings of kafkajs's `producer()` that the publisher leaves as they are. */
export interface RawProducerConfig {
  readonly metadataMaxAge?: number | undefined
  readonly allowAutoTopicCreation?: boolean | undefined
  readonly maxInFlightRequests?: number | undefined
}

/** Settings that would break the promise of one true result for each message, and what to use instead. */
const ELSEWHERE = {
  retry:
    'The publisher makes each try itself, since an error after several tries of kafkajs does not say whether a message was written: `deliveryTimeoutMs` limits them, and `kafka: { retry }` is for connecting.',
  createPartitioner:
    'The publisher fixes the partition of a message once, since kafkajs runs its partitioner again on each try and could write a message twice: give the option `partitioner`.',
  idempotent:
    'It decides whether a message that may have been written is tried again: give the option `idempotent`.',
  transactionalId:
    'The publisher has a producer of its own for transactions: give the option `transactionalId`.',
  transactionTimeout: 'Give the option `transactionTimeoutMs`.',
  requestTimeout: 'Give the option `requestTimeoutMs`.',
}

export const rawProducerConfig = optionSet(
  {
    metadataMaxAge: optional(milliseconds(0)),
    allowAutoTopicCreation: optional(flag),
    maxInFlightRequests: optional(wholeNumber(1)),
  },
  { example: '{ metadataMaxAge: 60_000 }', elsewhere: ELSEWHERE },
)
