/**
 * Writes stack/grafana/dashboards/kafka-iam-otel.json.
 *   node scripts/dashboard/write.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { asJson, dashboard } from './dashboard.ts'

export const dashboardFile = fileURLToPath(
  new URL('../../stack/grafana/dashboards/kafka-iam-otel.json', import.meta.url),
)

if (import.meta.main) {
  const expected = asJson(dashboard())
  const actual = (() => {
    try {
      return readFileSync(dashboardFile, 'utf8')
    } catch {
      return undefined
    }
  })()
  if (actual !== expected) writeFileSync(dashboardFile, expected)
  console.log(
    `stack/grafana/dashboards/kafka-iam-otel.json: ${actual === expected ? 'is current' : 'written'}`,
  )
}
