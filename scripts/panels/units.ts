/** Numbers as Grafana writes them in a panel's unit. */

export function written(value: number, unit: string): string {
  if (unit === 's') return duration(value)
  if (unit === 'percentunit') return `${round(value * 100)} %`
  if (unit.startsWith('suffix:')) return `${round(value)}${unit.slice('suffix:'.length)}`
  return round(value)
}

function duration(seconds: number): string {
  if (seconds === 0) return '0'
  if (seconds < 1) return `${round(seconds * 1000)} ms`
  if (seconds < 120) return `${round(seconds)} s`
  return seconds < 7200 ? `${round(seconds / 60)} min` : `${round(seconds / 3600)} h`
}

const round = (value: number) => `${Number(value.toPrecision(3))}`

const MOST_TICKS = 5
const ofSeconds = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** Between two lines of the grid: whole minutes, where it is minutes. */
export function tickOf(most: number, unit: string): number | undefined {
  return unit === 's' && most > 120 ? ofSeconds.find((tick) => most / tick <= MOST_TICKS) : undefined
}

/** Between two labels of the time axis, ms. */
export function timeTickOf(spanSeconds: number, most: number): number {
  const ticks = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
  return (ticks.find((tick) => spanSeconds / tick <= most) ?? 86_400) * 1000
}
