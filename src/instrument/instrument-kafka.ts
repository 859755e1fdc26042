import { observedConnect } from '../messaging/connect.ts'
import { optional, read } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { consumerOptions } from './consumer-options.ts'
import { type ConsumerLike, type ConsumerOptions, instrumentConsumer } from './instrument-consumer.ts'
import { instrumentProducer, type ProducerLike, type ProducerOptions } from './instrument-producer.ts'
import { checkInstrumented } from './instrumented-client.ts'
import { producerOptions } from './producer-options.ts'
import { passOnTimeouts } from './timed-out-requests.ts'
import { isOverridden, override } from './wrapper.ts'

/** Anything that makes clients as kafkajs's `Kafka` does. */
export interface KafkaLike {
  producer: (...args: never[]) => ProducerLike
  consumer: (...args: never[]) => ConsumerLike
  admin: (...args: never[]) => object
}

export interface InstrumentOptions {
  /** For every producer that it makes. */
  readonly producer?: ProducerOptions | undefined
  /** For every consumer that it makes. */
  readonly consumer?: ConsumerOptions | undefined
}

const instrumentOptions = optionSet(
  { producer: optional(producerOptions), consumer: optional(consumerOptions) },
  { example: "{ consumer: { trace: 'link' } }" },
)

interface Client {
  connect(): Promise<void>
}

/**
 * A `Kafka` whose producers, consumers and admins are instrumented as they are made. The one given stays as it is.
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be; for what is no object
 *
 * @example
 * ```ts
 * const kafka = instrumentKafka(new Kafka({ clientId: 'orders', brokers }))
 * const producer = kafka.producer()
 * await producer.connect()
 * ```
 */
export function instrumentKafka<K extends KafkaLike>(kafka: K, options: InstrumentOptions = {}): K {
  const { producer, consumer } = read(instrumentOptions, options, 'instrumentKafka')
  checkInstrumented('kafka', kafka, 'instrumentKafka')
  if (isOverridden(kafka, 'producer')) return kafka
  return override(kafka as KafkaLike, {
    producer: (make, ...args) => ifClient(make(...args), (made) => instrumentProducer(made, producer)),
    consumer: (make, ...args) => ifClient(make(...args), (made) => instrumentConsumer(made, consumer)),
    admin: (make, ...args) => ifClient(make(...args) as Client, instrumentAdmin),
  }) as K
}

/** Test doubles may give nothing. */
const ifClient = <C>(made: C, instrument: (made: C) => C): C =>
  typeof made === 'object' && made !== null ? instrument(made) : made

function instrumentAdmin(admin: Client): Client {
  passOnTimeouts(admin)
  return override(admin, {
    connect: (connect, ...args) => observedConnect('admin', admin, () => connect(...args)),
  })
}
