import { createRequire } from 'node:module'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import type { ConsumerLike, ProducerLike } from '../../../src/index.ts'

/** OpenTelemetry's own instrumentation, active for kafkajs and for what is given as kafkajs in its place. */
export class OtherInstrumentation extends KafkaJsInstrumentation {
  constructor(config = {}) {
    super(config)
    // It wraps kafkajs when that is required for the first time since.
    createRequire(import.meta.url)('kafkajs')
  }

  /** A `Kafka` whose clients it wraps, as it wraps those of kafkajs. */
  kafkaOf<P extends ProducerLike, C extends ConsumerLike>(clients: { producer?: P; consumer?: C }) {
    class Kafka {
      producer() {
        return { ...clients.producer } as P
      }
      consumer() {
        return { ...clients.consumer } as C
      }
      admin() {
        return { connect: async () => undefined }
      }
    }
    const { patch } = this.init()
    patch?.({ Kafka })
    return new Kafka()
  }
}
