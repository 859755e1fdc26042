import { whatFits } from '../options/check.ts'

/** What is instrumented. A test double may lack methods, but nothing can be seen through what is no object. */
const client = (takes: string) =>
  whatFits<object>(
    takes,
    (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
  )

const clients = {
  kafka: client('a Kafka of kafkajs: new Kafka({ brokers })'),
  producer: client('a producer of kafkajs: kafka.producer()'),
  consumer: client('a consumer of kafkajs: kafka.consumer({ groupId })'),
  publisher: client('an object with publish(messages)'),
}

/** @throws MskIamConfigurationError where the one given is no object */
export const checkInstrumented = (kind: keyof typeof clients, given: unknown, of: string): void =>
  void clients[kind].read(given, { of, option: kind })
