import { withoutSecrets, wordsOf } from '../../base/foreign-text.ts'
import { Metric } from '../../telemetry/names.ts'
import { Audience } from './audience.ts'
import { exportTarget, jaegerUrl } from './export-target.ts'
import { type Series, seriesOf } from './metrics-table.ts'
import { paintFor } from './paint.ts'
import type { Tally } from './publishing.ts'
import { jsonReport } from './report-json.ts'
import { textReport } from './report-text.ts'
import { openStage } from './stage.ts'
import { play } from './story.ts'
import { type DemoTelemetry, startTelemetry } from './telemetry.ts'

/** Plays the demo on stdout. @returns the exit code */
export async function demo({ json }: { json: boolean }): Promise<number> {
  ignoreWarningsOfKafkajs()
  const { stdout } = process
  const width = Math.min(Math.max(stdout.columns ?? 80, 80), 100)
  const report = json ? jsonReport(stdout) : textReport(stdout, width, paintFor(stdout))
  const target = await exportTarget()
  report.begin(target?.url)

  const audience = new Audience(report)
  const telemetry = startTelemetry((trace) => audience.look(trace), target !== undefined)
  const { tallies, series } = await perform(audience, telemetry)
  const { missing, seconds, problems } = audience
  const notes: string[] = []
  const refused = await telemetry.stop()
  if (target && refused) {
    const list = target.asked ? problems : notes
    list.push(`Not everything could be exported to ${target.url}: ${refused}`)
  }
  const jaeger = target && !refused ? await jaegerUrl(target) : undefined
  const links = jaeger ? audience.links(jaeger) : []
  const ok = missing.length === 0 && problems.length === 0
  report.end({ ok, seconds, missing, problems, notes, tallies, series, links })
  return ok ? 0 : 1
}

/** What happens in the demo has to show in these. */
const TELLING = [
  Metric.TokenRequests,
  Metric.TokenRemainingLifetime,
  Metric.RefreshDuration,
  Metric.RefreshFailures,
  Metric.AuthenticationDuration,
  Metric.AuthenticationFailures,
  Metric.OperationDuration,
  Metric.SentMessages,
]

interface Performance {
  readonly tallies: readonly Tally[]
  readonly series: readonly Series[]
}

async function perform(audience: Audience, telemetry: DemoTelemetry): Promise<Performance> {
  const stage = await openStage()
  try {
    const tallies = await play(stage, audience)
    for (const { topic, published, failed, once } of tallies) {
      if (failed > 0) audience.problem(`Messages of ${topic} failed.`)
      if (once !== published) audience.problem(`Messages of ${topic} were lost or came twice.`)
    }
    const series = seriesOf(await telemetry.metrics())
    for (const metric of TELLING) {
      const counted = series.some(({ metric: name, value }) => name === metric && value !== 0)
      if (!counted) audience.problem(`The metric ${metric} has counted nothing.`)
    }
    return { tallies, series }
  } catch (error) {
    audience.problem(`The demo broke: ${withoutSecrets(wordsOf(error))}`)
    return { tallies: [], series: seriesOf(await telemetry.metrics()) }
  } finally {
    await stage.close()
  }
}

/** kafkajs 2.2.4 passes negative timeouts to timers, which Node 24 warns about, and warns of its partitioner. */
function ignoreWarningsOfKafkajs(): void {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning')
      console.error(withoutSecrets(`${warning.name}: ${warning.message}`))
  })
}
