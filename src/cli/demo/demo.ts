import type { MetricData } from '@opentelemetry/sdk-metrics'
import { Audience } from './audience.ts'
import { seriesOf } from './metrics-table.ts'
import { paintFor } from './paint.ts'
import type { Tally } from './publishing.ts'
import { jsonReport } from './report-json.ts'
import { textReport } from './report-text.ts'
import { openStage } from './stage.ts'
import { play } from './story.ts'
import { type DemoTelemetry, exportTarget, jaegerUrl, startTelemetry } from './telemetry.ts'

/** Plays the demo on stdout. @returns the exit code */
export async function demo({ json }: { json: boolean }): Promise<number> {
  ignoreWarningsOfKafkajs()
  const { stdout } = process
  const width = Math.min(Math.max(stdout.columns ?? 80, 60), 100)
  const report = json ? jsonReport(stdout) : textReport(stdout, width, paintFor(stdout))
  const target = await exportTarget()
  report.begin(target?.url)

  const audience = new Audience(report)
  const telemetry = startTelemetry((trace) => audience.look(trace), target !== undefined)
  const { tallies, metrics, problems } = await perform(audience, telemetry)
  const { missing, seconds } = audience
  const notes: string[] = []
  const refused = await telemetry.stop()
  if (target && refused) {
    const list = target.asked ? problems : notes
    list.push(`Not everything could be exported to ${target.url}: ${refused}`)
  }
  const jaeger = target && !refused ? await jaegerUrl(target) : undefined
  const links = jaeger ? audience.links(jaeger) : []
  const ok = missing.length === 0 && problems.length === 0
  report.end({ ok, seconds, missing, problems, notes, tallies, series: seriesOf(metrics), links })
  return ok ? 0 : 1
}

interface Performance {
  readonly tallies: readonly Tally[]
  readonly metrics: MetricData[]
  readonly problems: string[]
}

async function perform(audience: Audience, telemetry: DemoTelemetry): Promise<Performance> {
  const stage = await openStage()
  try {
    const tallies = await play(stage, audience)
    const lost = tallies.filter(({ published, failed, once }) => failed > 0 || once !== published)
    const problems = lost.map(({ topic }) => `Messages of ${topic} failed, were lost or came twice.`)
    return { tallies, metrics: await telemetry.metrics(), problems }
  } catch (error) {
    const problem = `The demo broke: ${error instanceof Error ? error.message : error}`
    return { tallies: [], metrics: await telemetry.metrics(), problems: [problem] }
  } finally {
    await stage.close()
  }
}

/** kafkajs 2.2.4 passes negative timeouts to timers, which Node 24 warns about, and warns of its partitioner. */
function ignoreWarningsOfKafkajs(): void {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') console.error(`${warning.name}: ${warning.message}`)
  })
}
