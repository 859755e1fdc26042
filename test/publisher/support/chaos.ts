import type { KafkaPublisher, PublishableMessage, PublishResult } from '../../../src/index.ts'
import { type Fault, type Permissions, type Sandbox, startSandbox } from '../../../src/testing/index.ts'
import { Random } from './random.ts'
import { publisherFor } from './sandboxed.ts'

/** One call of `publish`, and what it said. */
export interface Call {
  readonly messages: readonly PublishableMessage[]
  readonly results: readonly PublishResult[]
}

export interface ChaosRun {
  readonly seed: number
  readonly calls: readonly Call[]
  /** Record id → where the broker has it, as often as it has it. */
  readonly stored: ReadonlyMap<string, readonly { topic: string; partition: number; offset: number }[]>
  /** What went wrong in each round, for the one who reads a failed run. */
  readonly log: readonly string[]
  /** Messages of the quiet time after the last round that were not published, however often they were tried. */
  readonly notHealed: readonly string[]
}

const BROKERS = 3
const TOPICS = { one: 1, three: 3, six: 6, denied: 2, moody: 2 }
/** The first finds what the faults have left behind: it may meet its deadline on a connection that hangs. */
const QUIET_TRIES = 3
const LARGE = Buffer.alloc(400_000, 'x')
const TOO_LARGE = Buffer.alloc(1_100_000, 'x')

/** A publisher under fire: rounds of concurrent publishes, each with other things going wrong. */
export async function chaosRun(seed: number, rounds: number, idempotent = true): Promise<ChaosRun> {
  const random = new Random(seed)
  const sandbox = await startSandbox({ brokers: BROKERS, topics: TOPICS, identities: [identity(true)] })
  const { publisher, close } = publisherFor(sandbox, {
    idempotent,
    requestTimeoutMs: random.one([300, 5_000]),
    deliveryTimeoutMs: 1_000,
    connectionTimeout: 500,
    compression: random.one(['none', 'gzip']),
  })
  const calls: Call[] = []
  const log: string[] = []
  let messages = 0
  const call = async (batch: readonly PublishableMessage[]) =>
    void calls.push({ messages: batch, results: await publisher.publish(batch) })
  const message = (of: PublishableMessage) => withId(of, `${seed}-${messages++}`)
  try {
    await publisher.connect()
    for (let round = 0; round < rounds; round += 1) {
      const faults = Array.from({ length: random.from(0, 2) }, () => anyFault(random))
      for (const fault of faults) sandbox.faults.add(fault)
      const events = [provoke(random, sandbox), ...faults.map((fault) => JSON.stringify(fault))]
      log.push(`round ${round} from ${seed}-${messages}: ${events.join(' ')}`)
      const batches = Array.from({ length: random.from(1, 4) }, () =>
        Array.from({ length: random.from(1, random.one([1, 5, 30])) }, () => message(anyMessage(random))),
      )
      await Promise.all(batches.map(call))
      sandbox.faults.clear()
    }
    sandbox.identities.add(identity(true))
    const notHealed = await quiet(publisher, calls, message)
    return { seed, calls, stored: storedIn(sandbox), log, notHealed }
  } finally {
    await close()
    await sandbox.close()
  }
}

/** Every partition of every topic that may be written takes a message again. What is `retriable` is tried again. */
async function quiet(
  publisher: KafkaPublisher,
  calls: Call[],
  message: (of: PublishableMessage) => PublishableMessage,
): Promise<string[]> {
  let places = Object.entries(TOPICS).flatMap(([topic, partitions]) =>
    topic === 'denied' ? [] : Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  )
  let failures: string[] = []
  for (let tries = 0; tries < QUIET_TRIES && places.length > 0; tries += 1) {
    const messages = places.map((place) => message({ ...place, value: 'quiet' }))
    const results = await publisher.publish(messages)
    calls.push({ messages, results })
    failures = results.flatMap(({ ok, error, recordId }) => (ok ? [] : [`${recordId}: ${error}`]))
    places = places.filter((_, index) => results[index]?.errorKind === 'retriable')
  }
  return failures
}

const withId = (message: PublishableMessage, recordId: string): PublishableMessage => ({
  ...message,
  recordId,
  headers: { ...message.headers, id: recordId },
})

function anyMessage(random: Random): PublishableMessage {
  const topic = random.one([...Object.keys(TOPICS), 'one', 'three', 'six', 'six'])
  const key = random.chance(0.6) ? `key-${random.from(1, 4)}` : null
  const odd = random.next()
  if (odd < 0.01) return { topic, value: TOO_LARGE }
  if (odd < 0.04) return { topic, key, value: LARGE }
  if (odd < 0.05) return { topic, key, value: 7 as never }
  if (odd < 0.055) return { topic: 'no such name!', key, value: 'x' }
  if (odd < 0.06) return { topic: 'hidden', key, value: 'x' }
  if (odd < 0.07) return { topic, value: 'x', partition: 17 }
  if (odd < 0.075) return { topic: 't'.repeat(40_000), value: 'x' }
  if (odd < 0.08) return { topic, value: 'x', timestamp: 1e300 }
  if (odd < 0.2) return { topic, value: 'pinned', partition: 0 }
  return { topic, key, value: 'tea' }
}

const PRODUCE_CODES = [2, 3, 5, 6, 7, 19, 20, 45, 47, 59, 56, 10, 29, 31, 87]
const METADATA_CODES = [3, 5, 29, 17]

function anyFault(random: Random): Fault {
  const on = random.one(['Produce', 'Produce', 'Produce', 'Metadata', 'InitProducerId', 'ApiVersions'])
  const broker = random.chance(0.4) ? { broker: random.from(0, BROKERS - 1) } : {}
  const scope = { on, ...broker, times: random.from(1, 4), after: random.from(0, 3) }
  const afterBytes = random.from(1, 60)
  const effects: Fault[] = [
    { connection: 'loseAcknowledgement' },
    { connection: 'loseAcknowledgement' },
    { connection: random.one(['close', 'reset'] as const) },
    { connection: random.one(['close', 'reset'] as const), afterBytes },
    { delayMs: random.from(1, 500) },
    ...(on === 'Produce' ? [{ errorCode: random.one(PRODUCE_CODES) }] : []),
    ...(on === 'Metadata' ? [{ errorCode: random.one(METADATA_CODES) }] : []),
    ...(on === 'InitProducerId' ? [{ errorCode: random.one([14, 15, 31]) }] : []),
    ...(random.chance(0.3)
      ? [{ connection: 'hang' as const }, { connection: 'hang' as const, afterBytes }]
      : []),
  ]
  if (random.chance(0.1)) return { refuse: random.one(['Access denied', 'Too many connects']), times: 1 }
  return { ...random.one(effects), ...scope }
}

/** Something that is no fault of a request. */
function provoke(random: Random, sandbox: Sandbox): string {
  const luck = random.next()
  if (luck < 0.2) {
    const topic = random.one(['one', 'three', 'six'] as const)
    const partition = random.from(0, TOPICS[topic] - 1)
    const broker = random.from(0, BROKERS - 1)
    sandbox.moveLeader(topic, partition, broker)
    return `${topic}/${partition} moves to ${broker};`
  }
  if (luck < 0.35) return `${sandbox.expireSessions()} sessions end;`
  if (luck < 0.6) {
    const writable = random.chance(0.5)
    sandbox.identities.add(identity(writable))
    return `moody is ${writable ? '' : 'not '}writable;`
  }
  return ''
}

/** `denied` may be described and not written, `hidden` not even that, `moody` as it likes. */
function identity(moodyIsWritable: boolean) {
  const permissions: Permissions = {
    'kafka-cluster:Connect': true,
    'kafka-cluster:WriteDataIdempotently': true,
    'kafka-cluster:DescribeTopic': ['one', 'three', 'six', 'denied', 'moody'],
    'kafka-cluster:WriteData': ['one', 'three', 'six', ...(moodyIsWritable ? ['moody'] : [])],
    'kafka-cluster:CreateTopic': ['no such name!'],
  }
  return {
    principal: 'sandbox',
    accessKeyId: 'AKIASANDBOX000000001',
    secretAccessKey: 'not-a-real-secret-of-the-sandbox',
    permissions,
  }
}

function storedIn(sandbox: Sandbox): ChaosRun['stored'] {
  const stored = new Map<string, { topic: string; partition: number; offset: number }[]>()
  for (const topic of Object.keys(TOPICS)) {
    for (const { headers, partition, offset } of sandbox.messages(topic)) {
      const id = String(new Map(headers).get('id'))
      stored.set(id, [...(stored.get(id) ?? []), { topic, partition, offset }])
    }
  }
  return stored
}
