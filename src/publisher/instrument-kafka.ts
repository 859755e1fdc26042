import {
  type ConsumerLike,
  type ConsumerOptions,
  instrumentConsumer,
} from '../consumer/instrument-consumer.ts'
import { instrumentProducer, type ProducerLike, type ProducerOptions } from './instrument-producer.ts'
import { observedConnect } from './observed-connect.ts'
import { override } from './override.ts'

/** Anything that makes clients as kafkajs's `Kafka` does. */
export interface KafkaLike {
  producer: (...args: never[]) => ProducerLike
  consumer: (...args: never[]) => ConsumerLike
  admin: (...args: never[]) => object
}

export interface InstrumentOptions {
  /** For every producer that it makes. */
  readonly producer?: ProducerOptions
  /** For every consumer that it makes. */
  readonly consumer?: ConsumerOptions
}

interface Client {
  connect(): Promise<void>
}

/**
 * A `Kafka` whose producers, consumers and admins are instrumented as they are made. The one given stays as it is.
 */
export function instrumentKafka<K extends KafkaLike>(
  kafka: K,
  { producer, consumer }: InstrumentOptions = {},
): K {
  if (instrumented.has(kafka)) return kafka
  const result = override(kafka, {
    producer: (...args: never[]) => instrumentProducer(kafka.producer(...args), producer),
    consumer: (...args: never[]) => instrumentConsumer(kafka.consumer(...args), consumer),
    admin: (...args: never[]) => withConnectSpan('admin', kafka.admin(...args) as Client),
  })
  instrumented.add(result)
  return result
}

const instrumented = new WeakSet<object>()

const withConnectSpan = (type: 'admin', client: Client): Client =>
  override(client, { connect: () => observedConnect(type, () => client.connect()) })
