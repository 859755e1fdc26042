import { optional, read, whatFits, withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { aFunction, flag, listOf, recordOf, text, topicName, wholeNumber } from '../options/values.ts'
import type { TopicSpec } from './publisher-types.ts'

const ensureTopicsOptions = optionSet(
  { growPartitions: withDefault(flag, false) },
  { example: 'ensureTopics([{ topic }], { growPartitions: true })' },
)

const topicSpecs = listOf<TopicSpec>(
  optionSet(
    {
      topic: topicName,
      numPartitions: optional(wholeNumber(1, 2_147_483_647)),
      replicationFactor: optional(wholeNumber(1, 32_767)),
      configEntries: optional(
        recordOf(
          text,
          whatFits<string>('a text', (value) => typeof value === 'string'),
          "settings of a topic: { 'retention.ms': '604800000' }",
        ),
      ),
    },
    { example: "{ topic: 'orders', numPartitions: 12 }" },
  ),
  "a list of topics: [{ topic: 'orders', numPartitions: 12 }]",
)

/** @throws MskIamConfigurationError */
export const checkedEnsureTopics = (specs: unknown, options: unknown) => ({
  specs: topicSpecs.read(specs, { of: 'ensureTopics', option: 'specs' }),
  options: read(ensureTopicsOptions, options, 'ensureTopics'),
})

/** @throws MskIamConfigurationError */
export const checkedWork = <F>(work: F): F =>
  aFunction<F>('an async function of a transaction').read(work, { of: 'transaction', option: 'work' })
