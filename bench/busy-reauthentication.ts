/**
 * Twenty gzip sends at a time through re-authentications: our sockets with sessions that are due every 2 s, and, in
 * turn, kafkajs's own sockets with a session that does not end; for each limit of requests in flight.
 *
 *     node bench/busy-reauthentication.ts [--stack] [--runs 5] [--seconds 10] [--limits 1,2,3,none] [--slow]
 *
 * It prints, for each limit, the median of the paired runs' throughput ratios (ours to kafkajs's), and of our runs the
 * messages lost and stored twice (by key, in the topic), the sends that failed, and the longest time without a send
 * that succeeded. `--stack`: the broker of the local stack (npm run stack:up), where sessions are 12 s by a fault, or
 * 45 s without. `--slow`: a sandbox that answers handshake and token after 0.7 s each, with a `requestTimeout` of 1 s.
 */
import { parseArgs } from 'node:util'
import { CompressionTypes, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { createMskIamConnection, type MskIamConnectionOptions } from '../src/index.ts'
import { sandboxPlace, stackPlace } from './support/busy-places.ts'

const AT_A_TIME = 20
const VALUE = 'tea and biscuits, '.repeat(200)

const { values } = parseArgs({
  options: {
    stack: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    limits: { type: 'string', default: '1,2,3,none' },
  },
})
const seconds = Number(values.seconds)
const limits = values.limits.split(',').map((limit) => (limit === 'none' ? undefined : Number(limit)))

/** Where messages go, and how often sessions end there. */
export interface Place extends AsyncDisposable {
  readonly config: Partial<KafkaConfig>
  readonly connection: MskIamConnectionOptions
  /** The keys in the topic, as often as they are there. */
  keysIn(): Promise<string[]>
}

interface Outcome {
  readonly perSecond: number
  readonly lost: number
  readonly twice: number
  readonly failed: number
  readonly gapMs: number
  readonly authentications: number
}

const place = values.stack ? stackPlace : sandboxPlace(values.slow)
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

for (const limit of limits) {
  const ratios: number[] = []
  const ours: Outcome[] = []
  for (let run = 0; run < Number(values.runs); run += 1) {
    // Each of them first in turn: what runs second finds the process warm.
    const first = await one(run % 2 === 0 ? 'ours' : 'kafkajs', limit, run)
    const second = await one(run % 2 === 0 ? 'kafkajs' : 'ours', limit, run)
    const [mended, bare] = run % 2 === 0 ? [first, second] : [second, first]
    ours.push(mended)
    ratios.push(mended.perSecond / bare.perSecond)
  }
  const sum = (of: (outcome: Outcome) => number) => ours.reduce((total, outcome) => total + of(outcome), 0)
  console.log(
    `limit ${limit ?? 'none'}: ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(' ')}), ` +
      `${median(ours.map(({ perSecond }) => perSecond)).toFixed(0)} sends/s, lost ${sum(({ lost }) => lost)}, ` +
      `twice ${sum(({ twice }) => twice)}, failed ${sum(({ failed }) => failed)}, ` +
      `longest gap ${Math.max(...ours.map(({ gapMs }) => gapMs)).toFixed(0)} ms, ` +
      `authentications ${ours.map(({ authentications }) => authentications).join(' ')}`,
  )
}

async function one(sockets: 'ours' | 'kafkajs', limit: number | undefined, run: number): Promise<Outcome> {
  const topic = `orders-busy-${sockets}-${limit ?? 'none'}-${run}-${Date.now()}`
  await using there = await place(sockets === 'ours', topic)
  const { socketFactory, sasl, ...connection } = createMskIamConnection(there.connection)
  const producer = new Kafka({
    clientId: 'busy',
    brokers: [],
    logLevel: logLevel.NOTHING,
    sasl,
    ...connection,
    ...(sockets === 'ours' ? { socketFactory } : {}),
    ...there.config,
  }).producer(limit === undefined ? {} : { maxInFlightRequests: limit })
  let authentications = 0
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'SaslHandshake') authentications += 1
  })
  await producer.connect()
  const sent = new Set<string>()
  let [next, failed, gapMs] = [0, 0, 0]
  const started = performance.now()
  let last = started
  const sending = Array.from({ length: AT_A_TIME }, async () => {
    while (performance.now() - started < seconds * 1000) {
      const key = String(next++)
      try {
        await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ key, value: VALUE }] })
        sent.add(key)
      } catch (error) {
        failed += 1
        if (process.env['VERBOSE']) console.error(error)
      }
      const now = performance.now()
      gapMs = Math.max(gapMs, now - last)
      last = now
    }
  })
  await Promise.all(sending)
  const elapsed = (performance.now() - started) / 1000
  await producer.disconnect()
  sasl.close()
  const stored = await there.keysIn()
  const distinct = new Set(stored)
  return {
    perSecond: sent.size / elapsed,
    lost: [...sent].filter((key) => !distinct.has(key)).length,
    twice: stored.length - distinct.size,
    failed,
    gapMs,
    authentications,
  }
}
