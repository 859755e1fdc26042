import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

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
