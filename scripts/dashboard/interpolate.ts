/** What Grafana's Prometheus data source puts in the place of variables, for queries that are asked without Grafana. */

export interface Choices {
  /** Values of a variable; one that is missing is All. */
  readonly [variable: string]: readonly string[] | undefined
}

export interface Times {
  readonly rangeSeconds: number
  /** Between two points. */
  readonly stepSeconds: number
  /** The query's own least step, which Grafana takes for the scrape interval. */
  readonly leastStepSeconds: number
}

const CHOOSABLE = ['service', 'provider', 'instance']
const ALL = '.*'

export function interpolate(expr: string, choices: Choices, times: Times): string {
  const { rangeSeconds, stepSeconds, leastStepSeconds } = times
  const values: Record<string, string> = {
    __rate_interval: `${Math.max(stepSeconds + leastStepSeconds, 4 * leastStepSeconds)}s`,
    __interval: `${stepSeconds}s`,
    __range: `${rangeSeconds}s`,
    ...Object.fromEntries(CHOOSABLE.map((name) => [name, chosen(choices[name])])),
  }
  // `$1` of label_replace is no variable.
  return expr.replaceAll(/\$([a-z_]\w*)/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`Nothing stands for $${name} in ${expr}`)
    return value
  })
}

function chosen(values: readonly string[] | undefined): string {
  if (values === undefined || values.length === 0) return ALL
  const escaped = values.map(escapedForRegex)
  return escaped.length === 1 ? (escaped[0] ?? ALL) : `(${escaped.join('|')})`
}

/** Twice: once for the regular expression, once for the string in double quotes. */
const escapedForRegex = (value: string) =>
  value.replaceAll(/[\\^$*+?.()|[\]{}]/g, (character) =>
    character === '\\' ? '\\\\\\\\' : `\\\\${character}`,
  )
