import { MskIamConfigurationError } from '../failures/errors.ts'
import type { KafkaPublisherHooks, KafkaPublisherOptions } from './publisher-types.ts'

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
  readonly transactionalId: KafkaPublisherOptions['transactionalId']
  readonly transactional: boolean
  readonly transactionTimeoutMs: number
  readonly autoRecoverFromFence: boolean
  readonly validateTopicsOnConnect: readonly string[]
  readonly hooks: KafkaPublisherHooks
  readonly perMessageSpans: boolean
}

/** Passed on to kafkajs as they are. */
const OF_THE_CLIENT = [
  'ssl',
  'sasl',
  'socketFactory',
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
] as const

const KNOWN: readonly (keyof KafkaPublisherOptions)[] = [
  'brokers',
  'clientId',
  ...OF_THE_CLIENT,
  'kafka',
  'idempotent',
  'acks',
  'compression',
  'requestTimeoutMs',
  'deliveryTimeoutMs',
  'maxInFlightMessages',
  'partitioner',
  'transactionalId',
  'transactional',
  'transactionTimeoutMs',
  'autoRecoverFromFence',
  'validateTopicsOnConnect',
  'hooks',
  'perMessageSpans',
]

/** @throws MskIamConfigurationError `invalid_option`: which option, what was wrong, what it takes */
export function checkedPublisherOptions(options: KafkaPublisherOptions): CheckedPublisherOptions {
  if (typeof options !== 'object' || options === null) {
    throw wrong('options', options, "an object: new KafkaPublisher({ brokers: ['…:9098'], … })")
  }
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key as never))
  if (unknown !== undefined) {
    throw new MskIamConfigurationError('invalid_option', {
      detail: `there is no option \`${unknown}\``,
      hint: `The options are ${KNOWN.join(', ')}.`,
    })
  }
  const {
    brokers,
    clientId = 'kafka-iam-otel',
    idempotent = true,
    acks = -1,
    transactional = false,
  } = options
  if (
    !Array.isArray(brokers) ||
    brokers.length === 0 ||
    !brokers.every((broker) => typeof broker === 'string')
  )
    throw wrong('brokers', brokers, "a list of brokers: ['b-1.….kafka.eu-west-1.amazonaws.com:9098']")
  if (idempotent && acks !== -1) throw wrong('acks', acks, '-1 with `idempotent`')
  if (transactional && options.transactionalId === undefined)
    throw wrong('transactionalId', undefined, 'a text, since `transactional` is set')
  const given = OF_THE_CLIENT.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]]))
  return {
    client: { ...options.kafka, clientId, brokers: [...brokers], ...Object.fromEntries(given) },
    clientId,
    idempotent,
    acks: oneOf('acks', acks, [-1, 0, 1]),
    compression: oneOf('compression', options.compression ?? 'none', [
      'none',
      'gzip',
      'snappy',
      'lz4',
      'zstd',
    ]),
    requestTimeoutMs: atLeastOne('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
    deliveryTimeoutMs: atLeastOne('deliveryTimeoutMs', options.deliveryTimeoutMs ?? 30_000),
    maxInFlightMessages: atLeastOne('maxInFlightMessages', options.maxInFlightMessages ?? 100_000),
    partitioner:
      typeof options.partitioner === 'function'
        ? options.partitioner
        : oneOf<'default' | 'java-compatible' | 'legacy'>('partitioner', options.partitioner ?? 'default', [
            'default',
            'java-compatible',
            'legacy',
          ]),
    transactionalId: options.transactionalId,
    transactional,
    transactionTimeoutMs: atLeastOne('transactionTimeoutMs', options.transactionTimeoutMs ?? 60_000),
    autoRecoverFromFence: options.autoRecoverFromFence ?? false,
    validateTopicsOnConnect: [...(options.validateTopicsOnConnect ?? [])],
    hooks: options.hooks ?? {},
    perMessageSpans: options.perMessageSpans ?? false,
  }
}

function oneOf<T extends string | number>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw wrong(option, value, allowed.map((one) => JSON.stringify(one)).join(', '))
}

function atLeastOne(option: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value
  throw wrong(option, value, 'a number from 1 on')
}

/** Types only are told, not values: a password may have got into the wrong option. */
function wrong(option: string, value: unknown, takes: string): MskIamConfigurationError {
  const given = typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value
  return new MskIamConfigurationError('invalid_option', {
    detail: `\`${option}\` is ${given}; it takes ${takes}`,
  })
}
