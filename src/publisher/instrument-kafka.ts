import { runInRoot } from '../telemetry/with-span.ts'
import { instrumentProducer, type ProducerLike } from './instrument-producer.ts'
import { observedConnect } from './observed-connect.ts'

/** Anything that makes clients as kafkajs's `Kafka` does. */
export interface KafkaLike {
  producer: (...args: never[]) => ProducerLike
  consumer: (...args: never[]) => object
  admin: (...args: never[]) => object
}

interface Client {
  connect(): Promise<void>
  run?(config: unknown): Promise<void>
}

/**
 * A `Kafka` whose producers, consumers and admins are instrumented as they are made. The one given stays as it is.
 */
export function instrumentKafka<K extends KafkaLike>(kafka: K): K {
  const makers = {
    producer: (...args: never[]) => instrumentProducer(kafka.producer(...args)),
    consumer: (...args: never[]) => withConnectSpan('consumer', kafka.consumer(...args) as Client),
    admin: (...args: never[]) => withConnectSpan('admin', kafka.admin(...args) as Client),
  }
  return new Proxy(kafka, {
    get(target, property) {
      if (Object.hasOwn(makers, property)) return makers[property as keyof typeof makers]
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function withConnectSpan(type: 'consumer' | 'admin', client: Client): Client {
  const { run } = client
  return {
    ...client,
    connect: () => observedConnect(type, () => client.connect()),
    // What a consumer does later would hang under the span that was active when it was started.
    ...(run ? { run: (config: unknown) => runInRoot(() => run(config)) } : {}),
  }
}
