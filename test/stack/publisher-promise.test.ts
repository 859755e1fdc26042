/**
 * What the publisher promises, counted on a real broker that is restarted twice while a topic is made unwritable and
 * writable again. Takes about a minute.
 */
import { setInterval as every } from 'node:timers/promises'
import { logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMskIamConnection, KafkaPublisher, type PublishResult } from '../../src/index.ts'
import { type Acl, addAcl, removeAcl, restartBroker } from './support/acl.ts'
import { broker, region, ssl } from './support/places.ts'
import { prometheus } from './support/prometheus.ts'
import { endOf, readBack } from './support/read-back.ts'
import { credentialsOf, type Run, startRun } from './support/run.ts'
import { createTopic, deleteTopics } from './support/topics.ts'
import { until } from './support/until.ts'

const PREFIX = 'orders-promise-'
const PUBLISHES_PER_SECOND = 20
let run: Run
let steady: string
let moody: string
let noWrite: Acl
let deniedFrom: Awaited<ReturnType<typeof endOf>>
let results: readonly PublishResult[]
/** Record id → how often it is there. */
const times = new Map<string, number>()

beforeAll(async () => {
  run = startRun('promise')
  await deleteTopics(PREFIX)
  steady = `${PREFIX}${run.id}-steady`
  moody = `${PREFIX}${run.id}-moody`
  await createTopic(steady, 3)
  await createTopic(moody, 2)
  noWrite = { principal: 'orders-service', topic: moody, operation: 'Write', permission: 'deny' }
  const from = { steady: await endOf(steady), moody: await endOf(moody) }
  deniedFrom = await endOf('denied-topic')
  results = await publishThrough(async (soFar) => {
    await restarted(soFar)
    await addAcl(noWrite)
    try {
      await until('a denied message', () =>
        soFar().some(({ recordId, errorKind }) => isMoody(recordId, errorKind)),
      )
    } finally {
      await removeAcl(noWrite)
    }
    await nextOk('moody', soFar)
    await restarted(soFar)
  })
  for (const { key } of [...(await readBack(steady, from.steady)), ...(await readBack(moody, from.moody))])
    times.set(key, (times.get(key) ?? 0) + 1)
}, 240_000)

afterAll(async () => {
  await deleteTopics(PREFIX)
  await run?.stop()
})

const isMoody = (recordId: string, kind: string | undefined) =>
  recordId.startsWith('moody') && kind === 'fatal'

async function restarted(soFar: () => readonly PublishResult[]): Promise<void> {
  await nextOk('steady', soFar)
  await restartBroker()
  await nextOk('steady', soFar)
  await nextOk('moody', soFar)
}

/** Waits until a message to this topic is published that had no result before. */
async function nextOk(topic: string, soFar: () => readonly PublishResult[]): Promise<void> {
  const before = soFar().length
  const isOk = ({ ok, recordId }: PublishResult) => ok && recordId.startsWith(topic)
  await until(`a message to ${topic}`, () => soFar().slice(before).some(isOk), { seconds: 60 })
}

/** Publishes all the time until `events` are over, without waiting for one publish before the next; every result. */
async function publishThrough(
  events: (soFar: () => readonly PublishResult[]) => Promise<void>,
): Promise<readonly PublishResult[]> {
  const credentials = credentialsOf('orders-service')
  const connection = createMskIamConnection({ region, credentials, ssl: ssl(), name: 'promise' })
  const publisher = new KafkaPublisher({
    brokers: [broker],
    clientId: run.service,
    ...connection,
    requestTimeoutMs: 3_000,
    // Shorter than a restart: some are given up.
    deliveryTimeoutMs: 4_000,
    kafka: { logLevel: logLevel.NOTHING },
  })
  const given: PublishResult[] = []
  const publishes: Promise<unknown>[] = []
  const stopping = new AbortController()
  const loop = async () => {
    for await (const _ of every(1000 / PUBLISHES_PER_SECOND, undefined, { signal: stopping.signal })) {
      const batch = messages(publishes.length)
      publishes.push(publisher.publish(batch).then((some) => given.push(...some)))
    }
  }
  await publisher.connect()
  const running = loop().catch(() => undefined)
  try {
    await events(() => given)
  } finally {
    stopping.abort()
    await running
    await Promise.all(publishes)
    await publisher.disconnect()
    connection.sasl.close()
  }
  expect(given).toHaveLength(publishes.flatMap((_, index) => messages(index)).length)
  return given
}

/** The messages of one publish; their key is their record id. */
function messages(publish: number) {
  const to = (topic: string, name: string, value = 'tea') => {
    const recordId = `${name}-${publish}`
    return { topic, key: recordId, recordId, value }
  }
  return [
    ...['steady-a', 'steady-b', 'steady-c', 'steady-d'].map((name) => to(steady, name)),
    ...['moody-a', 'moody-b'].map((name) => to(moody, name)),
    ...(publish % 10 === 0 ? [to('denied-topic', 'denied'), to(steady, 'large', 'x'.repeat(1_100_000))] : []),
  ]
}

const ids = (of: (result: PublishResult) => boolean) => results.filter(of).map(({ recordId }) => recordId)

test('every outcome came up, in thousands of messages', () => {
  const kinds = Map.groupBy(results, ({ ok, errorKind }) => (ok ? 'ok' : String(errorKind)))
  const counts = Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length]))
  console.log(counts)
  expect(Object.keys(counts).sort()).toEqual(['fatal', 'ok', 'poison', 'retriable'])
  expect(counts['ok']).toBeGreaterThan(500)
  expect(ids(({ recordId, errorKind }) => isMoody(recordId, errorKind))).not.toEqual([])
})

test('ok: it is in the topic exactly once', () => {
  expect(ids(({ ok, recordId }) => ok && times.get(recordId) !== 1)).toEqual([])
})

test('fatal or poison: it is not in the topic', async () => {
  const isNot = ({ errorKind }: PublishResult) => errorKind === 'fatal' || errorKind === 'poison'
  expect(ids((result) => isNot(result) && times.has(result.recordId))).toEqual([])
  expect(await endOf('denied-topic')).toEqual(deniedFrom)
})

test('retriable: it is in the topic at most once', () => {
  expect(
    ids(({ errorKind, recordId }) => errorKind === 'retriable' && (times.get(recordId) ?? 0) > 1),
  ).toEqual([])
})

test('nothing is in the topics that no result tells of', () => {
  const known = new Set(results.map(({ recordId }) => recordId))
  expect([...times.keys()].filter((id) => !known.has(id))).toEqual([])
})

test('the messages counted in Prometheus, by outcome, are the results handed out of what was tried', async () => {
  const codeOf = ({ ok, error }: PublishResult) =>
    ok ? 'ok' : String((error as { failure?: { code: string } }).failure?.code)
  const handedOut: Record<string, number> = {}
  const tried = results.filter((result) => codeOf(result) !== 'earlier_message_failed')
  for (const result of tried) handedOut[codeOf(result)] = (handedOut[codeOf(result)] ?? 0) + 1
  const series = `messaging_client_sent_messages_total{service_name="${run.service}"}`
  const counted = async () => {
    const samples = await prometheus(`sum by (error_type) (${series})`)
    return Object.fromEntries(samples.map(({ labels, value }) => [labels['error_type'] ?? 'ok', value]))
  }
  const total = (counts: Record<string, number>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0)
  await until('all of them in Prometheus', async () => total(await counted()) >= tried.length)
  expect(await counted()).toEqual(handedOut)
})
