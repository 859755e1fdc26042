/** What Kafka takes for the name of a topic. */
const LEGAL = /^(?!\.{1,2}$)[\w.-]{1,249}$/

export const isLegalTopic = (topic: unknown): topic is string =>
  typeof topic === 'string' && LEGAL.test(topic)
