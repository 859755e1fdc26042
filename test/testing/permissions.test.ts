/** The outcomes are those of Kafka 4.3.1 with its StandardAuthorizer and the same permissions as ACLs. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Permissions, type SandboxIdentity, startSandbox } from '../../src/testing/index.ts'
import { service } from './service.ts'

const CONNECT = { 'kafka-cluster:Connect': true } as const

const started = (permissions: Permissions) =>
  startSandbox({
    topics: { orders: 1, secret: 1 },
    identities: [
      { principal: 'orders', accessKeyId: 'AKIASANDBOXORDERS001', secretAccessKey: 'x', permissions },
    ],
  })

type Client = ReturnType<typeof service>['kafka']

/** What became of it, in Kafka's words. */
const outcomeOf = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'ok',
    (error) => error.cause?.type ?? error.type ?? error.message,
  )

async function described(kafka: Client, topic: string): Promise<string> {
  const admin = kafka.admin()
  await admin.connect()
  const outcome = await outcomeOf(admin.fetchTopicMetadata({ topics: [topic] }))
  await admin.disconnect()
  return outcome
}

async function published(kafka: Client, topic: string, options: Parameters<Client['producer']>[0] = {}) {
  const producer = kafka.producer({ retry: { retries: 1 }, ...options })
  const connected = await outcomeOf(producer.connect())
  const outcome =
    connected === 'ok' ? await outcomeOf(producer.send({ topic, messages: [{ value: 'tea' }] })) : connected
  await producer.disconnect()
  return outcome
}

describe('permissions, in the words of IAM', () => {
  test('a topic that may not be written to', async () => {
    await using sandbox = await started({
      ...CONNECT,
      'kafka-cluster:DescribeTopic': ['*'],
      'kafka-cluster:WriteData': ['ord*'],
    })
    const { kafka } = service(sandbox)
    expect(await published(kafka, 'orders')).toBe('ok')
    expect(await described(kafka, 'secret')).toBe('ok')
    expect(await published(kafka, 'secret')).toBe('TOPIC_AUTHORIZATION_FAILED')
    expect(sandbox.messages('orders')).toHaveLength(1)
    expect(sandbox.messages('secret')).toEqual([])
  })

  test('a topic that may not be described, be it there or not, and is not listed', async () => {
    await using sandbox = await started({ ...CONNECT, 'kafka-cluster:DescribeTopic': ['orders'] })
    const { kafka } = service(sandbox)
    expect(await described(kafka, 'orders')).toBe('ok')
    for (const topic of ['secret', 'nowhere', 'no name for a topic']) {
      expect(await described(kafka, topic)).toBe('TOPIC_AUTHORIZATION_FAILED')
    }
    const admin = kafka.admin()
    await admin.connect()
    expect(await admin.listTopics()).toEqual(['orders'])
    await admin.disconnect()
  })

  test.each(['WriteData', 'ReadData', 'AlterTopic', 'DeleteTopic'])(
    'who has %s may describe the topic',
    async (action) => {
      await using sandbox = await started({ ...CONNECT, [`kafka-cluster:${action}`]: ['orders'] })
      const { kafka } = service(sandbox)
      expect(await described(kafka, 'orders')).toBe('ok')
    },
  )

  test('a topic comes into being for who may create and describe it', async () => {
    const write = { ...CONNECT, 'kafka-cluster:WriteData': ['*'] }
    await using sandbox = await started({ ...write, 'kafka-cluster:CreateTopic': ['new*'] })
    const { kafka } = service(sandbox)
    expect(await published(kafka, 'new-orders')).toBe('ok')
    expect(await published(kafka, 'other-orders')).toBe('TOPIC_AUTHORIZATION_FAILED')
    const modest = { allowAutoTopicCreation: false }
    expect(await published(kafka, 'other-orders', modest)).toBe('UNKNOWN_TOPIC_OR_PARTITION')

    await using blind = await started({ ...CONNECT, 'kafka-cluster:CreateTopic': ['*'] })
    expect(await published(service(blind).kafka, 'new-orders')).toBe('TOPIC_AUTHORIZATION_FAILED')
  })

  test.each([
    ['to write idempotently', { 'kafka-cluster:WriteDataIdempotently': true }, 'TOPIC_AUTHORIZATION_FAILED'],
    ['to write to any topic, which will do', { 'kafka-cluster:WriteData': ['orders'] }, 'ok'],
    ['only to read', { 'kafka-cluster:ReadData': ['*'] }, 'CLUSTER_AUTHORIZATION_FAILED'],
    ['to write to no topic', { 'kafka-cluster:WriteData': [] }, 'CLUSTER_AUTHORIZATION_FAILED'],
  ])('an idempotent producer with the permission %s', async (_, permissions: Permissions, outcome) => {
    await using sandbox = await started({ ...CONNECT, ...permissions })
    expect(await published(service(sandbox).kafka, 'orders', { idempotent: true })).toBe(outcome)
  })

  test('without Connect nothing else helps', async () => {
    await using sandbox = await started({ 'kafka-cluster:WriteData': ['*'] })
    await expect(service(sandbox).kafka.producer().connect()).rejects.toMatchObject({
      failure: { code: 'access_denied' },
    })
  })

  test('a permission that is taken away is missing at the next request', async () => {
    await using sandbox = await started({ ...CONNECT, 'kafka-cluster:WriteData': ['orders'] })
    const producer = service(sandbox).kafka.producer()
    await producer.connect()
    const send = () => producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
    expect(await outcomeOf(send())).toBe('ok')
    const identity = sandbox.identities.find(sandbox.credentials.accessKeyId) as SandboxIdentity
    sandbox.identities.add({ ...identity, permissions: CONNECT })
    expect(await outcomeOf(send())).toBe('TOPIC_AUTHORIZATION_FAILED')
    sandbox.identities.add({ ...identity, permissions: { 'kafka-cluster:WriteData': ['*'] } })
    expect(await outcomeOf(send())).toBe('ok')
    await producer.disconnect()
  })

  test("those of the local stack's identities.json can be taken as they are", async () => {
    const url = new URL('../../stack/identities.json', import.meta.url)
    const file: { principal: string; accessKeys: object[]; permissions: Permissions }[] = JSON.parse(
      readFileSync(url, 'utf8'),
    )
    const identities = file.flatMap(({ principal, accessKeys, permissions }) =>
      accessKeys.map((key) => ({ principal, permissions, ...key }) as SandboxIdentity),
    )
    await using sandbox = await startSandbox({ identities, topics: { 'denied-topic': 1 } })
    const { kafka } = service(sandbox)
    expect(await described(kafka, 'denied-topic')).toBe('ok')
    expect(await published(kafka, 'denied-topic')).toBe('TOPIC_AUTHORIZATION_FAILED')
    expect(await published(kafka, 'orders-today', { idempotent: true })).toBe('ok')
  })
})
