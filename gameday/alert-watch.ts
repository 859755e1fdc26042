/** What Prometheus says is firing, asked again and again: one asker for all faults, however many run side by side. */
import { setTimeout as pause } from 'node:timers/promises'
import { prometheusUrl } from '../test/stack/support/places.ts'

export interface FiringAlert {
  readonly name: string
  /** undefined for an alert about the stack itself. */
  readonly service: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

export interface AlertWatch {
  /** The alert of this service, or of none, if it fires now. Throws when Prometheus has not answered for long. */
  firing(name: string, service?: string): FiringAlert | undefined
  /** Names of all alerts of this service that have fired since the watch began. */
  everFired(service: string): string[]
}

const EVERY_MS = 1_000
const SILENCE_MS = 60_000

interface RawAlert {
  readonly state: string
  readonly labels: Record<string, string>
}

/** @param belongs which alerts are meant: those of the rule files, or their short copies */
export function watchAlerts(
  belongs: (labels: Readonly<Record<string, string>>) => boolean,
  signal: AbortSignal,
): AlertWatch {
  let now: FiringAlert[] = []
  let heardAt = performance.now()
  const history = new Map<string, Set<string>>()

  const ask = async () => {
    const alerts = (await firingAlerts(signal)).filter(({ labels }) => belongs(labels))
    for (const { service = '', name } of alerts) {
      const names = history.get(service) ?? new Set()
      history.set(service, names.add(name))
    }
    now = alerts
    heardAt = performance.now()
  }
  const watch = async () => {
    while (!signal.aborted) {
      await ask().catch(() => undefined)
      await pause(EVERY_MS, undefined, { signal })
    }
  }
  watch().catch(() => undefined)
  return {
    firing(name, service) {
      if (performance.now() - heardAt > SILENCE_MS) throw new Error('Prometheus does not answer any more')
      return now.find((alert) => alert.name === name && alert.service === service)
    },
    everFired: (service) => [...(history.get(service) ?? [])].sort(),
  }
}

async function firingAlerts(signal: AbortSignal): Promise<FiringAlert[]> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
  const response = await fetch(`${prometheusUrl}/api/v1/alerts`, { signal: patience })
  const { data } = (await response.json()) as { data: { alerts: RawAlert[] } }
  return data.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels }) => ({ name: labels['alertname'] ?? '', service: labels['service_name'], labels }))
}
