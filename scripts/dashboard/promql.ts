/** What the queries are put together from. */
import { label, series } from './series.ts'

/** One value, several or All: `=~` takes each of them, and Grafana escapes what is special in a regular expression. */
const chosenProcess = [`${label.service}=~"$service"`, `${label.instance}=~"$instance"`]
const chosenProvider = [...chosenProcess, `${label.provider}=~"$provider"`]

/** Of metrics that do not know a provider: those of sends and consumers. */
export const ofProcess = (metric: string, ...matchers: string[]) =>
  `${metric}{${[...matchers, ...chosenProcess].join(', ')}}`

export const ofProvider = (metric: string, ...matchers: string[]) =>
  `${metric}{${[...matchers, ...chosenProvider].join(', ')}}`

/** The collector makes them for a service, not for each of its processes. */
export const ofSpans = (metric: string, ...matchers: string[]) =>
  `${metric}{${[...matchers, `${label.service}=~"$service"`].join(', ')}}`

/** A rule that sums over everything, or tells of the collector, has no service. */
export const ofAlert = (...matchers: string[]) =>
  `${series.alerts}{${[`${label.alert}=~"MskIam.*"`, ...matchers, `${label.service}=~"$service|"`].join(', ')}}`

export const failed = `${label.code}!=""`
export const succeeded = `${label.code}=""`
/** Only they keep their tokens fresh; without the timer a token may run out between two authentications. */
export const withTimer = `${label.background}!="false"`
export const withoutTimer = `${label.background}="false"`

/** A gauge of a provider that was closed can stay in the backend for long. */
export const andOpen = (...matchers: string[]) =>
  `and on (${label.service}, ${label.instance}, ${label.provider}, ${label.region}) ` +
  `${ofProvider(series.providers, ...matchers)} > 0`

export const whereOpen = (gauge: string, ...matchers: string[]) =>
  `${ofProvider(gauge)} ${andOpen(...matchers)}`

/**
 * How much a counter has grown in a window, exactly, as the alert rules count it. `increase()` of a new series is 0, and
 * a failure's counter begins with its first failure: one that is new, or that was reset, counts whole. One that was away
 * for less than `memory` is not new.
 */
export const grown = (counter: string, window: string, memory = '6h') =>
  `((last_over_time(${counter}[${window}]) - last_over_time(${counter}[${memory}] offset ${window}) >= 0) ` +
  `or last_over_time(${counter}[${window}]))`

/** Of series that there are many of: a short memory. */
export const grownOfMany = (counter: string, window: string) => grown(counter, window, '1h')

/** 4 minutes or, zoomed out, as long as a step: `STEP` below makes it so. No event falls between two points. */
export const WINDOW = '$__rate_interval'
/** The SDK's default export interval. */
export const STEP = '1m'

export const sum = (expression: string, ...by: string[]) =>
  by.length === 0 ? `sum(${expression})` : `sum by (${by.join(', ')}) (${expression})`

/** 0 where there is telemetry and nothing to count; nothing where there is no telemetry, so that 0 never lies. */
export const orZero = (expression: string, presence: string) => `${expression} or 0 * count(${presence})`

/** Of a histogram that is seldom written to: what a window has seen, births included. */
export const quantileOfFew = (quantile: number, bucket: string, window: string) =>
  `histogram_quantile(${quantile}, ${sum(grownOfMany(bucket, window), 'le')})`

export const quantileOfMany = (quantile: number, bucket: string, ...by: string[]) =>
  `histogram_quantile(${quantile}, ${sum(`rate(${bucket}[${WINDOW}])`, 'le', ...by)})`
