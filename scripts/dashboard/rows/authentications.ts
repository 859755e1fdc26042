/** What brokers say to the tokens. */
import { runbookOfLine } from '../links.ts'
import { graph } from '../panels.ts'
import { grown, grownOfMany, ofProvider, quantileOfFew, succeeded, sum, WINDOW } from '../promql.ts'
import { label, series } from '../series.ts'
import { threshold } from '../thresholds.ts'

const width = 6
const all = ofProvider(series.authentication.count)
const throttled = ofProvider(series.authentication.count, `${label.code}="too_many_connects"`)
const each = [label.service, label.instance, label.provider]

const outcomes = () =>
  graph({
    title: 'Authentications by outcome',
    description:
      'In the window before each point: 4 minutes, more when zoomed out. Normal: ok alone. A code leads to its cure.',
    unit: 'short',
    noValue: 'Nothing was authenticated.',
    width,
    lines: [
      { expr: sum(grownOfMany(ofProvider(series.authentication.count, succeeded), WINDOW)), legend: 'ok' },
      {
        expr: sum(grown(ofProvider(series.authenticationFailures), WINDOW), label.code),
        legend: `{{${label.code}}}`,
      },
    ],
    links: [runbookOfLine],
  })

const duration = () =>
  graph({
    title: 'Duration of an authentication',
    description:
      'Over 15 minutes, from the token sent to the answer read; the wait for a token is not in it. Normal: tens of milliseconds.',
    unit: 's',
    noValue: 'Nothing was authenticated.',
    width,
    lines: [0.5, 0.95].map((quantile) => ({
      expr: quantileOfFew(quantile, ofProvider(series.authentication.bucket), '15m'),
      legend: `p${quantile * 100}`,
    })),
  })

const throttles = () =>
  graph({
    title: 'Throttled: share of the authentications',
    description: `Answered "Too many connects", over 10 minutes. Normal: 0, and some during a deployment of many processes. The alert begins at ${threshold.throttledShare * 100} %.`,
    unit: 'percentunit',
    noValue: 'Nothing was authenticated.',
    width,
    lines: [
      {
        expr: `(${sum(grown(throttled, '10m'))} or 0 * ${sum(grownOfMany(all, '10m'))}) / (${sum(grownOfMany(all, '10m'))} > 0)`,
        legend: 'too_many_connects',
      },
    ],
    limits: [threshold.throttledShare],
  })

const storm = () =>
  graph({
    title: 'Authentications of one provider, 10 min',
    description: `The most of any process. Normal: one for each connection in a session, so far below ${threshold.authenticationsIn10Minutes}. Above it sessions are too short, or connections break.`,
    unit: 'short',
    noValue: 'Nothing was authenticated.',
    width,
    lines: [{ expr: `max(${sum(grownOfMany(all, '10m'), ...each)})`, legend: 'most' }],
    limits: [threshold.authenticationsIn10Minutes],
  })

export const authenticationPanels = () => [outcomes(), duration(), throttles(), storm()]
