/** Is it well, and if not, where? From left to right in the order in which trouble travels. */
import { stat, steps } from '../panels.ts'
import {
  failed,
  grown,
  grownOfMany,
  ofAlert,
  ofProcess,
  ofProvider,
  orZero,
  sum,
  whereOpen,
  withTimer,
} from '../promql.ts'
import { label, series } from '../series.ts'
import { threshold } from '../thresholds.ts'

const RECENTLY = '15m'
const providers = ofProvider(series.providers)
const sends = `${label.operation}="send"`
const sent = ofProcess(series.sentMessages, sends)
const notWritten = ofProcess(series.sentMessages, sends, failed)
const ended = ofProcess(series.crashes, `${label.restarts}="false"`)

const green = (...more: [from: number, color: string][]) => steps('green', ...more)
const width = 3

export const health = () => [
  stat({
    title: 'Processes',
    description:
      'Processes with a provider that tell of themselves. Normal: as many as you run. When it falls, everything to the right of it is blind.',
    unit: 'short',
    noValue: 'no telemetry',
    width,
    expr: `count(count by (${label.service}, ${label.instance}) (${providers}))`,
    colors: steps('red', [1, 'green']),
  }),
  stat({
    title: 'Alerts',
    description: 'Alerts that fire now, for each service and code. Normal: 0. The table below names them.',
    unit: 'short',
    noValue: 'no telemetry',
    width,
    expr: orZero(`count(${ofAlert(`${label.alertState}="firing"`)})`, providers),
    colors: green([1, 'red']),
  }),
  stat({
    title: 'Credentials, least left',
    description: `Life left of the AWS credentials of the worst process. Normal: more than ${threshold.credentialsSeconds.failing} s; they are renewed from ten minutes before their end on.`,
    unit: 's',
    noValue: 'no end',
    width,
    expr: `min(${whereOpen(series.credentialsLife)})`,
    colors: steps(
      'red',
      [threshold.credentialsSeconds.always, 'orange'],
      [threshold.credentialsSeconds.failing, 'green'],
    ),
  }),
  stat({
    title: 'Token, least left',
    description: `Life left of the token of the worst process that renews by a timer. Normal: more than ${threshold.tokenSeconds} s of 15 minutes. Publishing ends with it.`,
    unit: 's',
    noValue: 'no timer',
    width,
    expr: `min(${whereOpen(series.tokenLife, withTimer)})`,
    colors: steps('red', [threshold.tokenSeconds, 'green']),
  }),
  stat({
    title: 'Cannot refresh',
    description:
      'Processes whose last refresh failed. They live on the token that they have. Normal: 0, or one for a short time.',
    unit: 'short',
    noValue: 'no telemetry',
    width,
    expr: orZero(`count((${whereOpen(series.failuresInARow)}) > 0)`, providers),
    colors: green([1, 'orange']),
  }),
  stat({
    title: 'Refused or broken, 15 min',
    description:
      'Authentications that a broker refused, or that broke. Normal: 0; single ones when brokers restart.',
    unit: 'short',
    noValue: 'no telemetry',
    width,
    expr: orZero(sum(grown(ofProvider(series.authenticationFailures), RECENTLY)), providers),
    colors: green([1, 'orange']),
  }),
  stat({
    title: 'Not written, 15 min',
    description:
      'Share of the messages given to `send` that were not written. Normal: 0. Red is what pages when it lasts.',
    unit: 'percentunit',
    noValue: 'nothing sent',
    width,
    expr: `(${sum(grown(notWritten, RECENTLY))} or 0 * ${sum(grownOfMany(sent, RECENTLY))}) / (${sum(grownOfMany(sent, RECENTLY))} > 0)`,
    colors: green([Number.EPSILON, 'orange'], [threshold.publishFailures.fast, 'red']),
  }),
  stat({
    title: 'Consumers ended, 1 h',
    description:
      'Consumers that kafkajs gave up and does not start again: their process lives and consumes nothing. Normal: 0.',
    unit: 'short',
    noValue: 'no consumer',
    width,
    expr: orZero(sum(grown(ended, '1h')), ofProcess(series.messagesBehind)),
    colors: green([1, 'red']),
  }),
]
