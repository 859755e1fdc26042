import { optional, read, withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { flag, listOf, recordOf, text, topicName, wholeNumber } from '../options/values.ts'
import { region } from '../token/region-options.ts'
import { brokerIndex } from './check-fault.ts'
import { identityOptions, type SandboxIdentity } from './iam/identities.ts'

/** What one timer holds, in seconds. */
export const seconds = wholeNumber(1, 2_147_483)

const DEFAULT_IDENTITY: SandboxIdentity = {
  principal: 'sandbox',
  accessKeyId: 'AKIASANDBOX000000001',
  secretAccessKey: 'not-a-real-secret-of-the-sandbox',
}

const sandboxOptions = optionSet(
  {
    region: withDefault(region, 'eu-west-1'),
    brokers: withDefault(wholeNumber(1, 100), 1),
    tls: withDefault(flag, false),
    topics: withDefault(
      recordOf(topicName, wholeNumber(1, 10_000), 'topics with their number of partitions: { orders: 3 }'),
      {},
    ),
    identities: withDefault(
      listOf(identityOptions, 'a list of identities: [{ principal, accessKeyId, secretAccessKey }]', 1),
      [DEFAULT_IDENTITY],
    ),
    sessionSeconds: optional(seconds),
    connectionsPerSecond: optional(wholeNumber(1)),
  },
  { example: 'startSandbox({ topics: { orders: 3 } })' },
)

/** @throws MskIamConfigurationError */
export const checkedSandboxOptions = (options: unknown) => read(sandboxOptions, options, 'startSandbox')

/** @throws MskIamConfigurationError */
export const checkedScope = (scope: unknown, brokers: number) =>
  read(
    optionSet(
      { broker: optional(brokerIndex(brokers)), principal: optional(text) },
      { example: "expireSessions({ principal: 'orders' })" },
    ),
    scope,
    'expireSessions',
  )
