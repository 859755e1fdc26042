import type { FailureClass } from './failure-class.ts'

/** What can be told before anything is sent. */
export const configurationFailures: readonly FailureClass[] = [
  {
    code: 'invalid_option',
    area: 'configuration',
    title: 'An option is wrong',
    hint: 'The message names the option, what was given and what it takes.',
    retriable: false,
    evidence: 'own',
    // kafkajs keeps only the text of what a function for `brokers` threw.
    patterns: [{ message: /"config\.brokers" threw: An option is wrong: KafkaPublisher: `brokers\(\)/ }],
  },
  {
    code: 'region_invalid',
    area: 'configuration',
    title: 'The AWS region is missing or impossible',
    hint: 'Set `region` to the region of the MSK cluster, for example eu-west-1. It is signed into every token.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [
      { message: /Region cannot be empty to generate auth token/ },
      { message: /Region is missing/ },
    ],
  },
  {
    code: 'package_missing',
    area: 'configuration',
    title: 'An optional package that this needs is not installed',
    hint: 'Install the package that the message names.',
    retriable: false,
    evidence: 'reproduced',
    patterns: [],
  },
]
