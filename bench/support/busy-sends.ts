/** One side of bench/busy-reauthentication.ts, in a process of its own. */
import { once } from 'node:events'
import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs'
import { createMskIamConnection } from '../../src/index.ts'
import { sandboxPlace, stackPlace } from './busy-places.ts'

export type Arm = 'ours' | 'kafkajs'

export interface ArmSettings {
  readonly arm: Arm
  /** `maxInFlightRequests`. */
  readonly limit?: number | undefined
  readonly seconds: number
  readonly stack: boolean
  readonly slow: boolean
  /** The sends of a transaction at a time, or a consumer beside the sends: on the stack only. */
  readonly work?: 'sends' | 'transactions' | 'consumer' | undefined
}

export interface Outcome {
  /** Of messages sent; with a consumer, of messages handled. */
  readonly perSecond: number
  /** Keys of sends that resolved, and are not in the topic. */
  readonly lost: number
  readonly twice: number
  /** Sends that were rejected. */
  readonly failed: number
  /** The longest time without a send that resolved. */
  readonly gapMs: number
  readonly authentications: number
}

const AT_A_TIME = 20
const VALUE = 'tea and biscuits, '.repeat(200)

const { arm, limit, seconds, stack, slow, work = 'sends' } = JSON.parse(process.argv[2] ?? '') as ArmSettings
const ours = arm === 'ours'
const topic = `orders-busy-${arm}-${Date.now()}`
{
  await using place = stack ? await stackPlace(topic) : await sandboxPlace(topic, ours, slow)
  const { socketFactory, sasl, ...connection } = createMskIamConnection(place.connection)
  const sockets = ours ? { socketFactory } : {}
  const config = { clientId: 'busy', sasl, ...connection, ...sockets, logLevel: logLevel.NOTHING }
  const kafka = new Kafka({ brokers: [], ...config, ...place.config })
  const producer = kafka.producer({
    ...(limit === undefined ? {} : { maxInFlightRequests: limit }),
    ...(work === 'transactions' ? { transactionalId: topic, idempotent: true } : {}),
  })
  let authentications = 0
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'SaslHandshake') authentications += 1
  })
  await producer.connect()
  if (work !== 'transactions') await producer.send(recordOf('first'))
  const consumer = work === 'consumer' ? await consuming(kafka) : undefined
  process.send?.('connected')
  await once(process, 'message')
  const { sent, ...figures } = await (work === 'transactions'
    ? commitAll(producer)
    : sendAll(producer, consumer))
  await consumer?.disconnect()
  await producer.disconnect()
  sasl.close()
  const stored = await place.keys()
  const distinct = new Set(stored)
  const lost = [...sent].filter((key) => !distinct.has(key)).length
  const outcome: Outcome = { ...figures, lost, twice: stored.length - distinct.size, authentications }
  process.send?.(outcome)
}
process.disconnect()

/** Running, and counting what it has handled. */
async function consuming(kafka: Kafka) {
  const consumer = kafka.consumer({ groupId: topic })
  let handled = 0
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const first = Promise.withResolvers<void>()
  await consumer.run({
    eachMessage: async () => {
      handled += 1
      first.resolve()
    },
  })
  await first.promise
  return { handled: () => handled, disconnect: () => consumer.disconnect() }
}

/** One transaction after the other, of as many sends at a time. */
async function commitAll(producer: Producer) {
  const sent = new Set<string>()
  let [next, failed, gapMs] = [0, 0, 0]
  const started = performance.now()
  let last = started
  while (performance.now() - started < seconds * 1000) {
    const keys = Array.from({ length: AT_A_TIME }, () => String(next++))
    try {
      const transaction = await producer.transaction()
      await Promise.all(keys.map((key) => transaction.send(recordOf(key))))
      await transaction.commit()
      for (const key of keys) sent.add(key)
      const now = performance.now()
      gapMs = Math.max(gapMs, now - last)
      last = now
    } catch {
      failed += 1
    }
  }
  return { sent, failed, gapMs, perSecond: (sent.size * 1000) / (performance.now() - started) }
}

function recordOf(key: string) {
  return { topic, compression: CompressionTypes.GZIP, messages: [{ key, value: VALUE }] }
}

async function sendAll(producer: Producer, consumer?: { handled(): number }) {
  const sent = new Set<string>()
  let [next, failed, gapMs] = [0, 0, 0]
  const started = performance.now()
  let last = started
  const sending = Array.from({ length: AT_A_TIME }, async () => {
    while (performance.now() - started < seconds * 1000) {
      const key = String(next++)
      try {
        await producer.send(recordOf(key))
        sent.add(key)
        const now = performance.now()
        gapMs = Math.max(gapMs, now - last)
        last = now
      } catch {
        failed += 1
      }
    }
  })
  await Promise.all(sending)
  const counted = consumer?.handled() ?? sent.size
  return { sent, failed, gapMs, perSecond: (counted * 1000) / (performance.now() - started) }
}
