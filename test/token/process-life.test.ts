import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { answeringBroker, type Exchange, refusal } from '../support/answering-broker.ts'

const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const signer = `{ generateAuthToken: async () => ({ token: 'a', expiryTime: Date.now() + 900_000 }) }`

/** Runs a program of its own, which ends when nothing keeps it alive. */
const run = async (program: string, ...flags: string[]) => {
  const args = [...flags, '--no-warnings', '--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 20_000 })
  return stdout.trim()
}

test('a provider that is not closed does not keep its process alive', async () => {
  const program = `
    import { createMskIamSasl } from '${index}'
    const sasl = createMskIamSasl({ region: 'eu-west-1', signer: ${signer} })
    console.log((await sasl.oauthBearerProvider()).value)
  `
  expect(await run(program)).toBe('a')
})

test('a provider that nobody holds is let go, timer and all, and no longer counted', async () => {
  const program = `
    import { metrics } from '@opentelemetry/api'
    import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
    import { setImmediate } from 'node:timers/promises'
    import { createMskIamSasl } from '${index}'
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    const providers = async () => {
      const { resourceMetrics } = await reader.collect()
      const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
      return all.find((metric) => metric.descriptor.name === 'msk_iam.providers').dataPoints[0].value
    }
    const use = async () => {
      const sasl = createMskIamSasl({ region: 'eu-west-1', signer: ${signer} })
      await sasl.oauthBearerProvider()
      return await providers()
    }
    const before = await use()
    for (let turn = 0; turn < 50 && (await providers()) > 0; turn += 1) {
      await setImmediate()
      globalThis.gc()
    }
    console.log(before, await providers())
    await reader.shutdown()
  `
  expect(await run(program, '--expose-gc')).toBe('1 0')
})

/** A client in a process of its own: here nothing but the client keeps it alive. */
const client = (port: number, body: string) => `
  import { Kafka, logLevel } from 'kafkajs'
  import { createMskIamConnection, createMskIamSasl, instrumentKafka } from '${index}'
  const options = { region: 'eu-west-1', credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'x' } }
  const kafka = (sasl) => instrumentKafka(new Kafka({ brokers: ['localhost:${port}'], logLevel: logLevel.NOTHING, ...sasl, ssl: false }))
  ${body}
`

describe('a process whose Kafka client is all that keeps it alive', () => {
  test('does not end in the middle: a throttle costs a job no message', async () => {
    const authenticate = ({ number }: Exchange) => {
      if (number === 2) return refusal('[id]: Too many connects')
      return { sessionLifetimeMs: number === 1 ? 10_300 : 0 }
    }
    await using broker = await answeringBroker({ authenticate })
    const job = `
      const producer = kafka(createMskIamConnection(options)).producer()
      await producer.connect()
      let sent = 0
      for (; sent < 20; sent += 1) {
        await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      await producer.disconnect()
      console.log('sent', sent)
    `
    expect(await run(client(broker.port, job))).toBe('sent 20')
    expect(broker.published('orders')).toBe(20)
    expect(broker.exchanges.length).toBeGreaterThanOrEqual(3)
  })

  test.each(['createMskIamConnection(options)', '{ sasl: createMskIamSasl(options) }'])(
    'is told of a denial (%s)',
    async (sasl) => {
      await using broker = await answeringBroker({ authenticate: () => refusal('[id]: Access denied') })
      const program = `await kafka(${sasl}).producer().connect().catch((error) => console.log(error.failure.code))`
      expect(await run(client(broker.port, program))).toBe('access_denied')
    },
  )

  test('is told of a signer that fails, after its retries', async () => {
    const program = `
      import { createMskIamSasl } from '${index}'
      const throttled = () => { throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' }) }
      const sasl = createMskIamSasl({ region: 'eu-west-1', backgroundRefresh: false, signer: { generateAuthToken: async () => throttled() } })
      await sasl.oauthBearerProvider().catch((error) => console.log(error.code))
    `
    expect(await run(program)).toBe('sts_throttled')
  })
})
