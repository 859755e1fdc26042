/** On white. Told apart by people who see red and green alike too (Okabe and Ito). */
const palette = ['#e69f00', '#cc79a7', '#8c564b', '#009e73', '#d55e00', '#5e4fa2', '#7f8c1f', '#17becf']

/** Of one thing, from the usual to the worst. */
const degrees: Readonly<Record<string, string>> = {
  median: '#56b4e9',
  least: '#0072b2',
  p50: '#56b4e9',
  p95: '#0072b2',
  p99: '#1b2f6b',
}

const named: Readonly<Record<string, string>> = {
  green: '#2e9e44',
  red: '#d62728',
  orange: '#e67e22',
  yellow: '#f0b429',
}

export const ink = '#1f2933'
export const pale = '#6b7785'
export const grid = '#e4e8ec'
export const alertShade = 'rgba(214, 39, 40, 0.10)'
export const limit = '#d62728'

export const colorNamed = (name: string): string => named[name] ?? name

const given = new Map<string, string>()

/** One name has one colour in all pictures of a run, as in Grafana. */
export function colorOf(name: string): string {
  const color = degrees[name] ?? given.get(name) ?? palette[given.size % palette.length] ?? ink
  if (degrees[name] === undefined) given.set(name, color)
  return color
}
