/**
 * A service that makes every metric there is, failures too, within seconds: the library and the SDK are real, the broker
 * and STS are not asked. What they say is tested elsewhere.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  createMskIamSasl,
  instrumentConsumer,
  instrumentProducer,
  type MskIamSasl,
  type MskIamSaslOptions,
} from '../../../src/index.ts'
import { fakeConsumer, message } from '../../instrument/support/fake-consumer.ts'
import { region } from './places.ts'

export interface EveryMetric {
  stop(): Promise<void>
}

const SESSION_SECONDS = 3600
const credentials = async () => ({
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'none',
  expiration: new Date(Date.now() + SESSION_SECONDS * 1000),
})
const refusedByBroker = () => Promise.reject(new Error('[3f1c8a52-0b7e]: Access denied'))
const throttledBySts = () =>
  Promise.reject(Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} }))

export async function startEveryMetric(service: string): Promise<EveryMetric> {
  Object.assign(process.env, {
    OTEL_SERVICE_NAME: service,
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    OTEL_BSP_SCHEDULE_DELAY: '500',
  })
  const sdk = new NodeSDK()
  sdk.start()
  const provider = (options: Partial<MskIamSaslOptions>) =>
    createMskIamSasl({ region, ...options } as MskIamSaslOptions)
  const timed = provider({ name: 'timed', credentials })
  const untimed = provider({ name: 'untimed', credentials, backgroundRefresh: false })
  // Refused tokens are thrown away: a provider of its own, or the others would often have none.
  const refused = provider({ name: 'refused', credentials })
  const throttled = provider({ name: 'throttled', signer: { generateAuthToken: throttledBySts } })
  const producer = instrumentProducer({ connect: async () => undefined, send })
  const consumption = await startConsumption()
  const once = async () => {
    await Promise.all([authenticate(timed), authenticate(untimed)])
    await expectFailure(authenticate(refused, refusedByBroker))
    await producer.send({ topic: 'orders', messages: [message(1), message(2)] })
    await expectFailure(producer.send({ topic: 'refused', messages: [message(1)] }))
    await consumption.again()
  }
  // Counters have to move: a rate needs two values.
  const ended = new AbortController()
  const moving = (async () => {
    while (!ended.signal.aborted) {
      await once()
      await pause(250)
    }
  })()
  await expectFailure(authenticate(throttled))
  return {
    async stop() {
      ended.abort()
      await moving
      for (const sasl of [timed, untimed, refused, throttled]) sasl.close()
      await sdk.shutdown()
    },
  }
}

const expectFailure = (outcome: Promise<unknown>) =>
  outcome.then(
    () => Promise.reject(new Error('This was to fail.')),
    () => undefined,
  )

const authenticate = (sasl: MskIamSasl, saslAuthenticate: () => Promise<undefined> = async () => undefined) =>
  sasl
    .authenticationProvider({ host: 'b-1', port: 9098, logger: { error: () => undefined }, saslAuthenticate })
    .authenticate()

async function send({ topic }: { topic: string; messages: unknown[] }): Promise<unknown[]> {
  if (topic === 'refused')
    throw Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 })
  return []
}

/** One consumer that goes on, and one that ends. */
async function startConsumption(): Promise<{ again(): Promise<void> }> {
  const { consumer, emit, deliver } = fakeConsumer()
  const ending = fakeConsumer()
  let fails = false
  const eachMessage = async () => {
    if (fails) throw new RangeError('no')
  }
  await instrumentConsumer(consumer).run({ eachMessage })
  await instrumentConsumer(ending.consumer).run({ eachMessage })
  const group = { groupId: 'billing', memberAssignment: { orders: [0] } }
  emit('GROUP_JOIN', group)
  ending.emit('GROUP_JOIN', group)
  const behind = { topic: 'orders', partition: 0, firstOffset: '1', highWatermark: '5' }
  return {
    async again() {
      emit('GROUP_JOIN', group)
      emit('START_BATCH_PROCESS', behind)
      await deliver('orders', message(1))
      fails = true
      await expectFailure(deliver('orders', message(1)) as Promise<unknown>)
      fails = false
      // Nothing follows: it was refused.
      emit('REQUEST', { clientId: 'billing-service', apiName: 'OffsetCommit' })
      for (const restart of [true, false])
        ending.emit('CRASH', { error: new RangeError('no'), groupId: 'billing', restart })
    },
  }
}
