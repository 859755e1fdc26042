/** One side of bench/throughput.ts, in a process of its own. */
import type { Producer } from 'kafkajs'
import { stackPlace } from '../support/busy-places.ts'
import { ofPeers, oursIn, ROOT } from './places.ts'
import { startSdk } from './sdk.ts'

export interface StackContender {
  readonly ours: boolean
  readonly sdk: boolean
}

export interface Turn {
  /** Batches. */
  readonly perSecond: number
  /** Of each batch. */
  readonly ms: readonly number[]
}

const MESSAGES = 100
const VALUE = 'tea and biscuits, '.repeat(6)
const WARM_UP = 300

const { ours, sdk } = JSON.parse(process.argv[2] ?? '') as StackContender
if (sdk) startSdk([])
const kafkajs: typeof import('kafkajs') = ofPeers('kafkajs')
const { createMskIamConnection, instrumentKafka } = await oursIn(ROOT)
const topic = `orders-bench-${process.pid}-${Date.now()}`
const place = await stackPlace(topic)
const { socketFactory, sasl, ...connection } = createMskIamConnection(place.connection)
const kafka = new kafkajs.Kafka({
  clientId: 'bench',
  brokers: [],
  sasl,
  ...connection,
  ...(ours ? { socketFactory } : {}),
  logLevel: kafkajs.logLevel.NOTHING,
  ...place.config,
})
const producer = (ours ? instrumentKafka(kafka) : kafka).producer()
await producer.connect()
for (let batch = 0; batch < WARM_UP; batch += 1) await send(producer)
process.on('message', async (asked: number | 'end') => {
  if (asked !== 'end') return process.send?.(await turn(asked))
  await producer.disconnect()
  await place[Symbol.asyncDispose]()
  sasl.close()
  return process.disconnect()
})
process.send?.('connected')

async function turn(seconds: number): Promise<Turn> {
  const ms: number[] = []
  const begun = performance.now()
  let now = begun
  while (now - begun < 1000 * seconds) {
    await send(producer)
    const ended = performance.now()
    ms.push(ended - now)
    now = ended
  }
  return { perSecond: (1000 * ms.length) / (now - begun), ms }
}

function send(by: Producer): Promise<unknown> {
  const messages = Array.from({ length: MESSAGES }, (_, number) => ({ key: `order-${number}`, value: VALUE }))
  return by.send({ topic, messages })
}
