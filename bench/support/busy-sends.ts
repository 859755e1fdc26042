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
}

export interface Outcome {
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

const { arm, limit, seconds, stack, slow } = JSON.parse(process.argv[2] ?? '') as ArmSettings
const ours = arm === 'ours'
const topic = `orders-busy-${arm}-${Date.now()}`
{
  await using place = stack ? await stackPlace(topic) : await sandboxPlace(topic, ours, slow)
  const { socketFactory, sasl, ...connection } = createMskIamConnection(place.connection)
  const sockets = ours ? { socketFactory } : {}
  const config = { clientId: 'busy', sasl, ...connection, ...sockets, logLevel: logLevel.NOTHING }
  const kafka = new Kafka({ brokers: [], ...config, ...place.config })
  const producer = kafka.producer(limit === undefined ? {} : { maxInFlightRequests: limit })
  let authentications = 0
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'SaslHandshake') authentications += 1
  })
  await producer.connect()
  await producer.send({ topic, messages: [{ key: 'first', value: VALUE }] })
  process.send?.('connected')
  await once(process, 'message')
  const { sent, ...figures } = await sendAll(producer)
  await producer.disconnect()
  sasl.close()
  const stored = await place.keys()
  const distinct = new Set(stored)
  const lost = [...sent].filter((key) => !distinct.has(key)).length
  const outcome: Outcome = { ...figures, lost, twice: stored.length - distinct.size, authentications }
  process.send?.(outcome)
}
process.disconnect()

async function sendAll(producer: Producer) {
  const sent = new Set<string>()
  let [next, failed, gapMs] = [0, 0, 0]
  const started = performance.now()
  let last = started
  const sending = Array.from({ length: AT_A_TIME }, async () => {
    while (performance.now() - started < seconds * 1000) {
      const key = String(next++)
      const record = { topic, compression: CompressionTypes.GZIP, messages: [{ key, value: VALUE }] }
      try {
        await producer.send(record)
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
  return { sent, failed, gapMs, perSecond: (sent.size * 1000) / (performance.now() - started) }
}
