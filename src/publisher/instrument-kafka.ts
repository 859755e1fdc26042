import { runInRoot } from '../telemetry/with-span.ts'
import { instrumentProducer, type ProducerLike, type ProducerOptions } from './instrument-producer.ts'
import { observedConnect } from './observed-connect.ts'
import { override } from './override.ts'

/** Anything that makes clients as kafkajs's `Kafka` does. */
export interface KafkaLike {
  producer: (...args: never[]) => ProducerLike
  consumer: (...args: never[]) => object
  admin: (...args: never[]) => object
}

export interface InstrumentOptions {
  /** For every producer that it makes. */
  readonly producer?: ProducerOptions
}

interface Client {
  connect(): Promise<void>
  run?(config: unknown): Promise<void>
}

/**
 * A `Kafka` whose producers, consumers and admins are instrumented as they are made. The one given stays as it is.
 */
export function instrumentKafka<K extends KafkaLike>(kafka: K, { producer }: InstrumentOptions = {}): K {
  if (instrumented.has(kafka)) return kafka
  const result = override(kafka, {
    producer: (...args: never[]) => instrumentProducer(kafka.producer(...args), producer),
    consumer: (...args: never[]) => withConnectSpan('consumer', kafka.consumer(...args) as Client),
    admin: (...args: never[]) => withConnectSpan('admin', kafka.admin(...args) as Client),
  })
  instrumented.add(result)
  return result
}

const instrumented = new WeakSet<object>()

function withConnectSpan(type: 'consumer' | 'admin', client: Client): Client {
  return override(client, {
    connect: () => observedConnect(type, () => client.connect()),
    // What a consumer does later would hang under the span that was active when it was started.
    ...(client.run ? { run: (config: unknown) => runInRoot(() => client.run?.(config)) } : {}),
  })
}
