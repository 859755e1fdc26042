/** From what one process was seen to do in a minute to what any number of them cost in a day. */
import type { Measured, Traffic } from './measure.ts'
import { BROKERS, type Profile } from './profiles.ts'

export const HOUR_S = 3600
export const DAY_S = 24 * HOUR_S
/** Default of OTEL_METRIC_EXPORT_INTERVAL. */
export const EXPORT_INTERVAL_S = 60

/** docs/how-tokens-live.md: the timer rings at 50 to 70 % of the time until the window opens. */
const TOKEN_LIFE_S = 900
const TIMER_S: readonly [number, number] = [0.5 * 840, 0.7 * 840]
/** kafkajs authenticates again so long before a session ends, which is when the token ends. */
const REAUTHENTICATION_THRESHOLD_S = 10

export const refreshesPerHour = HOUR_S / ((TIMER_S[0] + TIMER_S[1]) / 2)

const alsoDue = (first: number, second: number) =>
  first + second <= TOKEN_LIFE_S - REAUTHENTICATION_THRESHOLD_S ? 1 : 0

/**
 * Of one connection that is in use. With the token made at 0, the next authentication is at 890 s, with the newest token
 * of that moment: the next one, or the one after that where two timers were short.
 */
export const authenticationsPerHour =
  HOUR_S / meanOf((first, second) => first + second * alsoDue(first, second))

/** Over two timers that are as likely to ring at one moment of their range as at another. */
function meanOf(value: (first: number, second: number) => number): number {
  const steps = 400
  const [least, most] = TIMER_S
  const timers = Array.from({ length: steps }, (_, step) => least + ((most - least) * (step + 0.5)) / steps)
  const sum = timers.reduce(
    (all, one) => all + timers.reduce((some, other) => some + value(one, other), 0),
    0,
  )
  return sum / steps ** 2
}

/**
 * Refreshes, each with one attempt, and authentications. kafkajs has one connection to each broker for a producer, and
 * another one for what a consumer fetches.
 */
export function upkeepSpansPerHour({ produce, consume }: Profile): number {
  const connections = BROKERS * ((produce ? 1 : 0) + (consume ? 2 : 0))
  return 2 * refreshesPerHour + connections * authenticationsPerHour
}

/** Of the sends and handlers, before sampling. */
export function workSpansPerHour({ produce, consume }: Profile): number {
  const sends = (produce?.perSecond ?? 0) * (1 + (produce?.perMessageSpans ? produce.messages : 0))
  return HOUR_S * (sends + (consume?.perSecond ?? 0))
}

/** Bytes, compressed and not. */
export interface Bytes {
  readonly wire: number
  readonly plain: number
}

export interface Cost {
  readonly series: number
  readonly upkeepSpansPerHour: number
  readonly workSpansPerHour: number
  readonly requestsPerSecond: number
  readonly tracesPerDay: Bytes
  readonly metricsPerDay: Bytes
}

export const seriesOf = ({ series }: Measured): number => sum(Object.values(series))

export const spansOf = ({ spans }: Measured): number => sum(Object.values(spans).map(({ count }) => count))

/** `refreshing` is the process that did nothing else: its requests hold one refresh, and are the dearest for a span. */
export function costOf(profile: Profile, measured: Measured, refreshing: Measured): Cost {
  const [upkeep, work] = [upkeepSpansPerHour(profile), workSpansPerHour(profile)]
  const share = Number(profile.env?.['OTEL_TRACES_SAMPLER_ARG'] ?? 1)
  const perSpan = each(measured.traces, spansOf(measured))
  const perUpkeepSpan = each(refreshing.traces, spansOf(refreshing))
  const perDay = (bytes: keyof Bytes) => 24 * share * (work * perSpan[bytes] + upkeep * perUpkeepSpan[bytes])
  const perExport = each(measured.metrics, measured.metrics.requests)
  const exports = DAY_S / EXPORT_INTERVAL_S
  return {
    series: seriesOf(measured),
    upkeepSpansPerHour: share * upkeep,
    workSpansPerHour: share * work,
    requestsPerSecond: measured.traces.requests / measured.seconds + 1 / EXPORT_INTERVAL_S,
    tracesPerDay: { wire: perDay('wire'), plain: perDay('plain') },
    metricsPerDay: { wire: exports * perExport.wire, plain: exports * perExport.plain },
  }
}

export const each = ({ wire, plain }: Traffic, count: number): Bytes => ({
  wire: wire / count,
  plain: plain / count,
})

export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0)
