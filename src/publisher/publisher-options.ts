import { type Runtime, systemRuntime } from '../base/clocks-and-timers.ts'
import { MskIamConfigurationError } from '../failures/errors.ts'
import { brokersOption } from '../options/brokers.ts'
import { type Check, misfit, oneOf, optional, type Place, readResult, withDefault } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import {
  aFunction,
  anObject,
  flag,
  listOf,
  milliseconds,
  text,
  topicName,
  wholeNumber,
} from '../options/values.ts'
import type { KafkaPublisherHooks, KafkaPublisherOptions } from './publisher-types.ts'
import { type RawProducerConfig, rawProducerConfig } from './raw-producer-config.ts'
import { withTimeLimits } from './time-limits.ts'

/** Every option, checked and with its default. */
export interface CheckedPublisherOptions {
  /** For kafkajs's `Kafka`. */
  readonly client: object
  readonly clientId: string
  readonly idempotent: boolean
  readonly acks: -1 | 0 | 1
  readonly compression: NonNullable<KafkaPublisherOptions['compression']>
  readonly requestTimeoutMs: number
  readonly deliveryTimeoutMs: number
  readonly maxInFlightMessages: number
  readonly partitioner: NonNullable<KafkaPublisherOptions['partitioner']>
  /** @throws MskIamConfigurationError where the caller's function returns no id; `callback_timeout`; what it throws itself */
  readonly transactionalId: (() => Promise<string>) | undefined
  readonly transactional: boolean
  readonly transactionTimeoutMs: number
  readonly autoRecoverFromFence: boolean
  readonly validateTopicsOnConnect: readonly string[]
  readonly hooks: KafkaPublisherHooks
  readonly rawKafkaJsProducerConfig: RawProducerConfig | undefined
  readonly perMessageSpans: boolean
}

const ssl: Check<boolean | object> = {
  takes: 'true, false, or TLS settings such as { ca }',
  read: (value, place) =>
    typeof value === 'boolean' ? value : anObject<object>(ssl.takes).read(value, place),
}

/** kafkajs writes into it, so it gets a copy. */
const sasl = anObject<{ mechanism: unknown }>(
  "a SASL block of kafkajs: createMskIamSasl({ region: 'eu-west-1' }), or { mechanism, … }",
  ({ mechanism }) => typeof mechanism === 'string' && mechanism !== '',
)

/** Passed on to kafkajs as they are. */
const ofTheClient = {
  ssl: optional(ssl),
  sasl: optional(sasl),
  socketFactory: optional(
    aFunction<(...args: never[]) => unknown>('a socket factory of kafkajs: a function'),
  ),
  connectionTimeout: optional(milliseconds(1)),
  authenticationTimeout: optional(milliseconds(1)),
  reauthenticationThreshold: optional(milliseconds(0)),
}

/** What the publisher sets itself would be lost in there without a word. */
const MISPLACED: Readonly<Record<string, string>> = {
  brokers: 'brokers',
  clientId: 'clientId',
  requestTimeout: 'requestTimeoutMs',
  ...Object.fromEntries(Object.keys(ofTheClient).map((name) => [name, name])),
}

const kafka: Check<object> = {
  takes: "further settings of kafkajs's Kafka, for example { logLevel }",
  read(value, place) {
    const settings = anObject<object>(kafka.takes).read(value, place)
    const name = Object.keys(settings).find((one) => Object.hasOwn(MISPLACED, one))
    if (name === undefined) return settings
    throw new MskIamConfigurationError('invalid_option', {
      detail: `${place.of}: \`${name}\` is in \`${place.option}\``,
      hint: `Give \`${MISPLACED[name]}\` beside \`${place.option}\`, as an option of its own.`,
    })
  },
}

const partitioner: Check<NonNullable<KafkaPublisherOptions['partitioner']>> = {
  takes: "'default', 'java-compatible', 'legacy', or a partitioner of kafkajs's shape",
  read(value, place) {
    if (typeof value === 'function') return value as () => (args: never) => number
    const named = (['default', 'java-compatible', 'legacy'] as const).find((name) => name === value)
    if (named === undefined) throw misfit(value, place, partitioner.takes)
    return named
  },
}

const transactionalId: Check<() => Promise<string>> = {
  takes: `${text.takes}, or a function that returns one`,
  read(value, place) {
    if (typeof value === 'function')
      return async () => readResult(text, await value(), place.of, `${place.option}()`)
    const id = text.read(value, place)
    return async () => id
  },
}

const HOOKS = [
  'onConnect',
  'onDisconnect',
  'onPublish',
  'onError',
  'onTransactionAbort',
  'onProducerFenced',
] as const

const hook = optional(
  aFunction<(...args: never[]) => void | Promise<void>>('a function; what it returns is waited for'),
)
const hookSet = optionSet(Object.fromEntries(HOOKS.map((name) => [name, hook])), {
  example: '{ onPublish(result, message) { … } }',
  classesMayHaveMore: true,
})

/** The hooks as they are now, bound to the caller's object. */
const hooks: Check<KafkaPublisherHooks> = {
  takes: hookSet.takes,
  read(value, place) {
    const given = Object.entries(hookSet.read(value, place))
    return Object.fromEntries(given.flatMap(([name, one]) => (one ? [[name, one.bind(value)]] : [])))
  },
}

const publisherOptions = optionSet(
  {
    brokers: brokersOption,
    clientId: withDefault(text, 'kafka-iam-otel'),
    ...ofTheClient,
    kafka: withDefault(kafka, {}),
    idempotent: withDefault(flag, true),
    acks: withDefault(oneOf([-1, 0, 1]), -1),
    compression: withDefault(oneOf(['none', 'gzip', 'snappy', 'lz4', 'zstd']), 'none'),
    requestTimeoutMs: withDefault(milliseconds(1), 30_000),
    deliveryTimeoutMs: withDefault(milliseconds(1), 30_000),
    maxInFlightMessages: withDefault(wholeNumber(1), 100_000),
    partitioner: withDefault(partitioner, 'default'),
    transactionalId: optional(transactionalId),
    transactional: withDefault(flag, false),
    transactionTimeoutMs: withDefault(milliseconds(1), 60_000),
    autoRecoverFromFence: withDefault(flag, false),
    validateTopicsOnConnect: withDefault(listOf(topicName, "a list of topics: ['orders']"), []),
    hooks: withDefault(hooks, {}),
    rawKafkaJsProducerConfig: optional(rawProducerConfig),
    perMessageSpans: withDefault(flag, false),
  },
  { example: "new KafkaPublisher({ brokers: ['…:9098'], … })" },
)

/** @throws MskIamConfigurationError `invalid_option`: which option, what was wrong, what it takes */
export function checkedPublisherOptions(
  options: KafkaPublisherOptions,
  runtime: Runtime = systemRuntime,
): CheckedPublisherOptions {
  const place: Place = { of: 'KafkaPublisher' }
  const { kafka, clientId, ssl, socketFactory, ...others } = publisherOptions.read(options, place)
  const { connectionTimeout, authenticationTimeout, reauthenticationThreshold, ...read } = others
  const { brokers, sasl, ...settings } = { ...read, ...withTimeLimits(read, read.requestTimeoutMs, runtime) }
  const { idempotent, acks, transactional, transactionalId } = settings
  if (idempotent && acks !== -1) throw misfit(acks, { ...place, option: 'acks' }, '-1 with `idempotent`')
  if (transactional && transactionalId === undefined)
    throw misfit(undefined, { ...place, option: 'transactionalId' }, 'a text, since `transactional` is set')
  const ofTheClient = {
    ssl,
    sasl,
    socketFactory,
    connectionTimeout,
    authenticationTimeout,
    reauthenticationThreshold,
  }
  const given = Object.entries(ofTheClient).filter(([, value]) => value !== undefined)
  return {
    ...settings,
    clientId,
    client: { ...kafka, clientId, brokers, ...Object.fromEntries(given) },
  }
}
