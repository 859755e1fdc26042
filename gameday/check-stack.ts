/** Is everything there that a game day needs? Each error says what to do. */
import { existsSync } from 'node:fs'
import { caFile, collectorHealthUrl, jaegerUrl, prometheusUrl } from '../test/stack/support/places.ts'

const parts = [
  ['Prometheus', `${prometheusUrl}/-/ready`],
  ['Jaeger', `${jaegerUrl}/api/services`],
  ['the collector', collectorHealthUrl],
] as const

export async function checkStack(): Promise<void> {
  const silent = await Promise.all(
    parts.map(async ([name, url]) => ((await answers(url)) ? undefined : name)),
  )
  const missing: string[] = silent.filter((name) => name !== undefined)
  if (!existsSync(caFile)) missing.unshift('the certificate of Kafka (stack/.state/certs/ca.pem)')
  if (missing.length === 0) return
  throw new Error(`The stack is not up: there is no ${missing.join(', no ')}. Start it: npm run stack:up`)
}

/** @param belongs which copies of the alerts are meant */
export async function checkRules(
  alerts: readonly string[],
  belongs: (labels: Readonly<Record<string, string>>) => boolean = () => true,
): Promise<void> {
  const loaded = await loadedAlerts(belongs)
  const missing = [...new Set(alerts)].filter((name) => !loaded.has(name))
  if (missing.length === 0) return
  throw new Error(
    `Prometheus has no rule ${missing.join(', ')}. They are in stack/prometheus/rules: does the stack run from this ` +
      'checkout (npm run stack:up), and has Prometheus read them (curl -X POST http://localhost:9090/-/reload)?',
  )
}

export async function reloadPrometheus(): Promise<void> {
  const response = await fetch(`${prometheusUrl}/-/reload`, { method: 'POST' })
  if (!response.ok) throw new Error(`Prometheus does not take the rules: ${await response.text()}`)
}

async function loadedAlerts(belongs: (labels: Record<string, string>) => boolean): Promise<Set<string>> {
  const response = await fetch(`${prometheusUrl}/api/v1/rules?type=alert`)
  const { data } = (await response.json()) as {
    data: { groups: { rules: { name: string; labels: Record<string, string> }[] }[] }
  }
  const rules = data.groups.flatMap((group) => group.rules).filter(({ labels }) => belongs(labels))
  return new Set(rules.map(({ name }) => name))
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  )
