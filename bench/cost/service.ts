/** The measured process: a service with the SDK, the signer and kafkajs, set up by its environment alone. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { createMskIamConnection, instrumentConsumer, instrumentKafka } from '../../src/index.ts'
import { fakeConsumer, message } from '../../test/instrument/support/fake-consumer.ts'
import { BROKERS, type Profile, TOPIC } from './profiles.ts'

const { COST_BROKERS = '', COST_PROFILE = '{}', AWS_REGION = 'eu-west-1' } = process.env
const { produce, consume } = JSON.parse(COST_PROFILE) as Profile

const telemetry = new NodeSDK()
telemetry.start()
const { sasl, ...connection } = createMskIamConnection({ region: AWS_REGION, name: 'orders' })
const kafka = instrumentKafka(
  new Kafka({
    clientId: 'orders-service',
    brokers: COST_BROKERS.split(','),
    sasl,
    ...connection,
    ssl: false,
    logLevel: logLevel.NOTHING,
  }),
  { producer: { perMessageSpans: produce?.perMessageSpans ?? false } },
)
const timers: NodeJS.Timeout[] = []
let sendOne = async (): Promise<unknown> => undefined
const every = (ms: number, work: () => Promise<unknown>) =>
  timers.push(setInterval(() => void work().catch(() => undefined), ms))

const stopProducing = produce || !consume ? await startProducing() : async () => undefined
const stopConsuming = consume ? await startConsuming() : async () => undefined
process.send?.('ready')
await once(process, 'message')
for (const timer of timers) clearInterval(timer)
await stopProducing()
await stopConsuming()
sasl.close()
await telemetry.shutdown()
process.disconnect?.()

async function startProducing() {
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  let order = 0
  const send = (count: number) =>
    producer.send({
      topic: TOPIC,
      messages: Array.from({ length: count }, () => ({
        key: `order-${++order}`,
        value: JSON.stringify({ order, item: 'tea', quantity: 1 }),
      })),
    })
  // To every broker, so that every connection is there.
  await send(20 * BROKERS)
  // With a consumer, its handler sends.
  if (produce && !consume) every(1000 / produce.perSecond, () => send(produce.messages))
  sendOne = () => send(1)
  return () => producer.disconnect()
}

/**
 * The sandbox has no consumer groups: the connection is real, what kafkajs would tell of a group and its messages is
 * said by the tests' stand-in. The instrumentation and the telemetry are the same.
 */
async function startConsuming() {
  const real = kafka.consumer({ groupId: 'billing' })
  await real.connect()
  const { consumer, emit, deliver } = fakeConsumer()
  const work = async () => void (produce ? await sendOne() : undefined)
  await instrumentConsumer(consumer).run({ eachMessage: work })
  emit('REQUEST', { clientId: 'billing-service' })
  emit('GROUP_JOIN', { groupId: 'billing', memberId: 'one', memberAssignment: { [TOPIC]: [0, 1, 2] } })
  let offset = 0
  every(1000 / (consume?.perSecond ?? 1), async () => {
    const [firstOffset, highWatermark] = [`${++offset}`, `${offset + 1}`]
    const batch = { topic: TOPIC, partition: 0, firstOffset, lastOffset: firstOffset, highWatermark }
    emit('START_BATCH_PROCESS', batch)
    const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
    await deliver(TOPIC, message(offset, { traceparent: Buffer.from(traceparent) }))
    emit('END_BATCH_PROCESS', batch)
  })
  // As kafkajs does with its default of `autoCommitInterval`.
  every(5_000, async () => {
    emit('REQUEST', { clientId: 'billing-service', apiName: 'OffsetCommit' })
    emit('COMMIT_OFFSETS', { groupId: 'billing' })
  })
  return () => real.disconnect()
}
