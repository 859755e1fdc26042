/** Everything that a service does through this library, on clients without a network, and what came of each step. */
import type { KafkaMessage } from 'kafkajs'
import {
  createMskIamSasl,
  instrumentConsumer,
  instrumentProducer,
  instrumentPublisher,
  type MskIamSasl,
} from '../../../src/index.ts'
import { ClassBatch, fakeConsumer, message } from '../../instrument/support/fake-consumer.ts'
import { deepFreeze } from '../../support/deep-freeze.ts'

export type Outcome = readonly [step: string, result: unknown]

/** Names of headers that a propagator may add. */
const PROPAGATED = ['traceparent', 'tracestate', 'baggage']
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** @param inSpan runs work in a span of the service's own */
export async function clientProgram(inSpan: InSpan = (work) => work()): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const step = async (name: string, work: () => unknown) => {
    try {
      outcomes.push([name, await work()])
    } catch (error) {
      outcomes.push([name, ['rejected', (error as Error).name, (error as Error).message]])
    }
  }
  await tokens(step, inSpan)
  await sends(step)
  await transactions(step)
  await publishes(step)
  await consumes(step, 'continue')
  await consumes(step, 'link')
  return outcomes
}

type InSpan = <T>(work: () => T) => T
type Step = (name: string, work: () => unknown) => Promise<void>

async function tokens(step: Step, inSpan: InSpan): Promise<void> {
  let signed = 0
  const sasl = createMskIamSasl({
    region: 'eu-west-1',
    signer: {
      generateAuthToken: async () => ({ token: `token-${++signed}`, expiryTime: Date.now() + 900_000 }),
    },
  })
  const value = async () => (await sasl.oauthBearerProvider()).value
  await step('the first tokens, in a span of the service', () =>
    inSpan(() => {
      const both = [authentication(sasl, async () => undefined), authentication(sasl, async () => undefined)]
      return Promise.all([value(), ...both])
    }),
  )
  await step('the same token for many', () => Promise.all([value(), value(), value()]))
  await step('an authentication', () => authentication(sasl, async () => undefined))
  await step('an authentication that breaks', () =>
    authentication(sasl, () =>
      Promise.reject(Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' })),
    ),
  )
  await step('what was signed', () => signed)
  sasl.close()
  await step('a token of a closed provider', value)
  const broken = createMskIamSasl({
    region: 'eu-west-1',
    signer: { generateAuthToken: () => Promise.reject(new Error('no key')) },
  })
  await step('a signer that fails', () => broken.oauthBearerProvider())
  broken.close()
}

async function authentication(sasl: MskIamSasl, answer: () => Promise<undefined>): Promise<string[]> {
  const frames: string[] = []
  const lines: string[] = []
  const { authenticate } = sasl.authenticationProvider({
    host: 'b-1',
    port: 9098,
    logger: { error: (line) => lines.push(line) },
    saslAuthenticate: async ({ request }) => {
      frames.push(Buffer.from(await request.encode()).toString('latin1'))
      return answer()
    },
  })
  await authenticate()
  return [...frames, ...lines]
}

interface Sent {
  readonly topic: string
  readonly messages: readonly { readonly value: unknown; readonly headers?: object | undefined }[]
}

/** What arrived: with headers of the caller alone, since those of a propagator differ. Text and bytes, nothing else. */
const arrived = ({ topic, messages }: Sent): unknown => [
  topic,
  messages.map(({ value, headers = {} }) => [
    value,
    Object.entries(headers).flatMap(([name, header]): unknown[] => {
      const bytes = typeof header === 'string' || Buffer.isBuffer(header)
      if (PROPAGATED.includes(name)) return bytes ? [] : [`${name} is ${typeof header}`]
      return [[name, bytes ? String(header) : `a ${typeof header}`]]
    }),
  ]),
]

const ANSWER = [{ topicName: 'orders', partition: 1, baseOffset: '7' }]

const sender = (sent: unknown[]) => ({
  send: async (record: Sent) => {
    sent.push(arrived(record))
    if (record.topic === 'denied') throw new Error('not allowed')
    return ANSWER
  },
  sendBatch: async (batch: { topicMessages: readonly Sent[] }) => {
    sent.push(...batch.topicMessages.map(arrived))
    return ANSWER
  },
})

const messages = () =>
  deepFreeze([
    { value: 'tea' },
    { value: 'milk', headers: { own: 'text', traceparent: Buffer.from(PARENT), baggage: 'user=1' } },
    { value: 'oats', headers: { own: Buffer.from('bytes'), traceparent: 'not valid' } },
  ])

async function sends(step: Step): Promise<void> {
  for (const perMessageSpans of [false, true]) {
    const sent: unknown[] = []
    const given = { connect: async () => undefined, ...sender(sent) }
    const producer = instrumentProducer(given, { perMessageSpans })
    await step('connect', () => producer.connect())
    await step('send', () => producer.send({ topic: 'orders', messages: messages() }))
    await step('a send that fails', () => producer.send({ topic: 'denied', messages: messages() }))
    const topicMessages = ['orders', 'bills'].map((topic) => ({ topic, messages: messages() }))
    await step('sendBatch', () => producer.sendBatch({ topicMessages }))
    await step('what arrived', () => sent)
  }
}

async function transactions(step: Step): Promise<void> {
  const calls: unknown[] = []
  const producer = instrumentProducer({
    connect: async () => undefined,
    ...sender([]),
    transaction: async () => ({
      ...sender(calls),
      sendOffsets: async (offsets: { topics: { topic: string }[] }) => void calls.push(offsets),
      commit: async () => void calls.push('commit'),
      abort: async () => void calls.push('abort'),
    }),
  })
  for (const end of ['commit', 'abort'] as const) {
    await step(end, async () => {
      const transaction = await producer.transaction()
      await transaction.send({ topic: 'orders', messages: messages() })
      await transaction.sendOffsets({ topics: [{ topic: 'orders' }] })
      await transaction[end]()
    })
  }
  await step('calls of transactions', () => calls)
}

async function publishes(step: Step): Promise<void> {
  const got: unknown[] = []
  const publisher = instrumentPublisher({
    publish: async (given: readonly { topic: string; value: unknown; headers?: object }[]) => {
      got.push(given.map((one) => arrived({ topic: one.topic, messages: [one] })))
      return given.map((_, index) => ({ ok: index > 0, error: new Error('no') }))
    },
  })
  await step('publish', () =>
    publisher.publish(deepFreeze(messages().map((one) => ({ ...one, topic: 'orders' })))),
  )
  await step('what was published', () => got)
}

async function consumes(step: Step, trace: 'continue' | 'link'): Promise<void> {
  const { consumer, deliver, deliverBatch, emit } = fakeConsumer()
  const handled: unknown[] = []
  const instrumented = instrumentConsumer(consumer, { trace })
  await step('connect a consumer', () => instrumented.connect())
  await step('run', () =>
    instrumented.run({
      eachMessage: async ({ message }) => {
        handled.push([String(message.value), Object.keys(message.headers ?? {})])
        if (message.offset === '2') throw new Error('handler')
      },
      eachBatch: async ({ batch }) => void handled.push(batch.messages.length),
    }),
  )
  emit('GROUP_JOIN', { groupId: 'g', memberId: 'm', memberAssignment: { orders: [0] } })
  emit('START_BATCH_PROCESS', { topic: 'orders', partition: 0, highWatermark: '9', firstOffset: '1' })
  const carrying = (offset: number): KafkaMessage => message(offset, { traceparent: PARENT, own: 'text' })
  await step('a message', () => deliver('orders', carrying(1)))
  await step('a message whose handler throws', () => deliver('orders', carrying(2)))
  await step('a batch', () => deliverBatch(new ClassBatch('orders', [carrying(3), message(4)])))
  await step('a commit', () => instrumented.commitOffsets([{ topic: 'orders', partition: 0, offset: '5' }]))
  emit('CRASH', { error: new Error('over'), groupId: 'g', restart: false })
  await step('what was handled', () => handled)
}
