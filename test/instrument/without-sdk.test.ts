import { trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { startHostileSdk } from '../support/hostile-sdk.ts'
import { startTelemetry } from '../support/telemetry.ts'
import { everything } from './support/everything.ts'

test('with no SDK registered, everything works the same', async () => {
  expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false)
  const without = await everything()
  const telemetry = startTelemetry()
  const told = await everything()
  expect(telemetry.spans().length).toBeGreaterThan(5)
  await telemetry.stop()
  expect(without).toEqual(told)
  expect(without.stored[0]).toHaveLength(3)
})

test.each([1, 2, 3, 4])(
  'with an SDK that misbehaves by chance, everything works the same (seed %i)',
  async (seed) => {
    const without = await everything()
    const sdk = startHostileSdk({ seed, share: seed / 5 })
    try {
      expect(await everything()).toEqual(without)
      expect(sdk.calls['TracerProvider.getTracer']).toBeGreaterThan(0)
    } finally {
      sdk.stop()
    }
  },
)
