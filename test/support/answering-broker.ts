import {
  type Broker,
  type BrokerSettings,
  type ExchangeAnswer,
  type Exchange as Offered,
  startBroker,
} from '../../src/testing/protocol/broker.ts'
import { Cluster } from '../../src/testing/protocol/cluster.ts'

export interface Exchange extends Offered {
  /** Of the exchange at this broker, from 1 on. */
  readonly number: number
}

/** Accepted, under one principal, unless it says otherwise. */
export type Answer = Partial<ExchangeAnswer>

export interface AnsweringBrokerOptions extends Partial<Omit<BrokerSettings, 'onExchange'>> {
  /** Asked for each token, in order. Default: accepts, with an unlimited session. */
  readonly authenticate?: (exchange: Exchange) => Answer | Promise<Answer>
}

export interface AnsweringBroker extends Broker {
  readonly exchanges: readonly Exchange[]
  /** How many messages were published to a topic. */
  published(topic: string): number
  /** The keys in a topic, in the order they came. */
  keys(topic: string): string[]
}

/** One broker that says to each token what the test wants, whatever the token is. */
export async function answeringBroker({
  authenticate,
  ...settings
}: AnsweringBrokerOptions = {}): Promise<AnsweringBroker> {
  const exchanges: Exchange[] = []
  const cluster = settings.cluster ?? clusterWith('orders')
  const broker = await startBroker({
    nodeId: 0,
    ...settings,
    cluster,
    async onExchange(offered) {
      const exchange = { ...offered, number: exchanges.length + 1 }
      exchanges.push(exchange)
      const accepted = { kind: 'accept', principal: 'orders', sessionLifetimeMs: 0 } as const
      return { ...accepted, ...(await authenticate?.(exchange)) } as ExchangeAnswer
    },
  })
  const published = (topic: string) => cluster.messages(topic).length
  const keys = (topic: string) => cluster.messages(topic).map(({ key }) => String(key))
  // Not spread: its counts are getters.
  return Object.assign(broker, { exchanges, published, keys })
}

/** It is there: a topic that comes into being costs the first request an error, and a client without retries its send. */
function clusterWith(topic: string): Cluster {
  const cluster = new Cluster()
  cluster.createTopic(topic)
  return cluster
}

/** A refusal in MSK's words. */
export const refusal = (message: string): Answer => ({ kind: 'refuse', message })
