/** kafkajs on a broker in memory, bare or as one of the variants has it. */
import type { Kafka, KafkaConfig } from 'kafkajs'
import { BROKER, MemoryBroker } from './memory-broker.ts'
import { ofPeers, oursIn } from './places.ts'
import { type Spans, startSdk } from './sdk.ts'
import type { Contender } from './tasks.ts'

export interface Client {
  readonly kafka: Kafka
  readonly spans: Spans
}

/** What is global in a process: the peer's instrumentation, the SDK, kafkajs; in this order, or the peer misses kafkajs. */
export function start({ who, sdk }: Contender): { kafkajs: typeof import('kafkajs'); spans: Spans } {
  const instrumentations = who === 'peer' ? [peerInstrumentation()] : []
  const spans = sdk ? startSdk(instrumentations) : async () => 0
  return { kafkajs: ofPeers('kafkajs'), spans }
}

function peerInstrumentation() {
  const peer: typeof import('@opentelemetry/instrumentation-kafkajs') = ofPeers(
    '@opentelemetry/instrumentation-kafkajs',
  )
  return new peer.KafkaJsInstrumentation()
}

export async function client(
  contender: Contender,
  broker: MemoryBroker = new MemoryBroker(),
  config: Partial<KafkaConfig> = {},
): Promise<Client> {
  const { kafkajs, spans } = start(contender)
  const kafka = new kafkajs.Kafka({
    clientId: 'bench',
    brokers: [BROKER],
    socketFactory: broker.socketFactory,
    logLevel: kafkajs.logLevel.NOTHING,
    ...config,
  })
  if (contender.who !== 'ours') return { kafka, spans }
  const { instrumentKafka } = await oursIn(contender.folder)
  return { kafka: instrumentKafka(kafka), spans }
}
