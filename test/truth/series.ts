import { Attribute, Metric } from '../../src/telemetry/names.ts'
import type { Telemetry } from '../support/telemetry.ts'

/** Every series with its value; of a histogram, its count. */
export type Series = ReadonlyMap<string, number>

/** How long something still lives: shown without the value. */
const VALUES_NOT_SHOWN: ReadonlySet<string> = new Set([
  Metric.TokenAge,
  Metric.TokenRemainingLifetime,
  Metric.CredentialsRemainingLifetime,
])

export async function seriesOf(telemetry: Telemetry): Promise<Series> {
  const series = new Map<string, number>()
  for (const metric of await telemetry.metricNames()) {
    for (const { attributes, value } of await telemetry.points(metric)) {
      const pairs = Object.entries(attributes)
        .filter(([name]) => !CONSTANT.has(name))
        .sort()
        .map(([name, attribute]) => `${name}=${attribute}`)
      const count = typeof value === 'number' ? value : (value as { count: number }).count
      series.set(`${metric} {${pairs.join(', ')}}`, count)
    }
  }
  return series
}

/** The same on every series of ours. */
export const CONSTANT: ReadonlySet<string> = new Set([
  Attribute.CloudRegion,
  Attribute.MessagingSystem,
  Attribute.MessagingOperationName,
  Attribute.MessagingOperationType,
])

/** What came since, metric by metric: an earlier case's series stay in the SDK. What is 0 is left out. */
export function renderSeries(series: Series, before: Series, shown: (text: string) => string): string[] {
  const lines = new Map<string, string[]>()
  for (const [name, value] of series) {
    const since = value - (before.get(name) ?? 0)
    if (since === 0 || before.get(name) === value) continue
    const [metric = '', attributes = ''] = shown(name).split(' {')
    const count = VALUES_NOT_SHOWN.has(metric) ? '' : ` ${since}`
    const described = attributes.replace(/msk_iam\.provider\.name=truth(, )?/, '').replace(/, \}/, '}')
    lines.set(metric, [...(lines.get(metric) ?? []), `{${described}${count}`])
  }
  return [...lines].map(([metric, found]) => `${metric}: ${found.sort().join(' ')}`).sort()
}
