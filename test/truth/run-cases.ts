import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import type { Case } from './case.ts'
import type { TruthCluster } from './cluster.ts'
import { Scene } from './scene.ts'

/** Cases against one Kafka. */
export function runCases(
  cases: readonly Case[],
  kafka: string,
  start: (truth: Case) => Promise<TruthCluster & AsyncDisposable>,
): void {
  let telemetry: Telemetry
  beforeAll(() => {
    telemetry = startTelemetry()
  })
  afterAll(() => telemetry.stop())

  describe(`${kafka} shows what every Kafka shows`, () => {
    test.for(cases.map((truth) => [truth.name, truth] as const))(
      '%s',
      { timeout: 30_000 },
      async ([, truth]) => {
        expect(await play(truth, start, telemetry)).toBe(dedented(truth.expected))
      },
    )
  })
}

export async function play(
  truth: Case,
  start: (truth: Case) => Promise<TruthCluster & AsyncDisposable>,
  telemetry: Telemetry,
): Promise<string> {
  await using cluster = await start(truth)
  const scene = await Scene.begin(cluster, telemetry)
  try {
    await truth.run(scene)
    return await scene.seen()
  } finally {
    scene.close()
  }
}

/** Without the indentation of the code around it. */
function dedented(text: string): string {
  const lines = text.split('\n').slice(1, -1)
  const depth = Math.min(...lines.map((line) => line.search(/\S/)).filter((at) => at >= 0))
  return lines.map((line) => line.slice(depth)).join('\n')
}
