/** The other end. Empty for a service that only publishes. */
import { runbookOfLine } from '../links.ts'
import { graph } from '../panels.ts'
import { failed, grown, ofProcess, quantileOfMany, sum, WINDOW } from '../promql.ts'
import { label, series } from '../series.ts'
import { threshold } from '../thresholds.ts'

const NONE = 'No consumer here.'
const behind = ofProcess(series.messagesBehind)
const consumed = ofProcess(series.consumedMessages)
const groupAndTopic = [label.group, label.topic]
const legend = `{{${label.group}}} {{${label.topic}}}`

const handled = () =>
  graph({
    title: 'Messages handled per second, by group',
    description:
      'Handed to a handler, those handed again included; the ten busiest groups. Normal: as many as are published.',
    unit: 'suffix: /s',
    noValue: NONE,
    width: 6,
    lines: [
      { expr: `topk(10, ${sum(`rate(${consumed}[${WINDOW}])`, label.group)})`, legend: `{{${label.group}}}` },
    ],
  })

const messagesBehind = () =>
  graph({
    title: 'Messages behind',
    description:
      'What the processes have still to handle; the ten groups and topics with most. Normal: near 0, and back to it after a burst. A consumer that has ended is 0 behind: see crashes.',
    unit: 'short',
    noValue: NONE,
    width: 6,
    lines: [{ expr: `topk(10, ${sum(behind, ...groupAndTopic)})`, legend }],
  })

const timeBehind = () =>
  graph({
    title: 'Time to catch up',
    description: `Messages behind, divided by the pace of the last 10 minutes; the ten slowest. Normal: seconds. The alert begins at ${threshold.behindSeconds} s and 1 000 messages.`,
    unit: 's',
    noValue: NONE,
    width: 6,
    lines: [
      {
        expr: `topk(10, ${sum(behind, ...groupAndTopic)} / (${sum(`rate(${consumed}[10m])`, ...groupAndTopic)} > 0))`,
        legend,
      },
    ],
    limits: [threshold.behindSeconds],
  })

const duration = () =>
  graph({
    title: 'Duration of a handler',
    description:
      'With one message or one batch. Normal: well below `sessionTimeout` (30 s), or the group gives the member up.',
    unit: 's',
    noValue: NONE,
    width: 6,
    lines: [0.5, 0.95].map((quantile) => ({
      expr: quantileOfMany(quantile, ofProcess(series.handling.bucket)),
      legend: `p${quantile * 100}`,
    })),
  })

const handlerFailures = () =>
  graph({
    title: 'Failures of handlers',
    description:
      'By code, or by the class of your own error; the ten most frequent, in the window before each point. Normal: none.',
    unit: 'short',
    noValue: 'No handler failed.',
    width: 6,
    lines: [
      {
        expr: `topk(10, ${sum(grown(ofProcess(series.handling.count, failed), WINDOW), label.code)})`,
        legend: `{{${label.code}}}`,
      },
    ],
    links: [runbookOfLine],
  })

const crashes = () =>
  graph({
    title: 'Crashes',
    description:
      'Times that kafkajs gave up, in the window before each point. Normal: none. "restarts=false": the process goes on and consumes no more, until it is restarted.',
    unit: 'short',
    noValue: 'No consumer crashed.',
    width: 6,
    lines: [
      {
        expr: sum(grown(ofProcess(series.crashes), WINDOW), label.code, label.restarts),
        legend: `{{${label.code}}} restarts={{${label.restarts}}}`,
      },
    ],
    links: [runbookOfLine],
  })

const rebalances = () =>
  graph({
    title: 'Rebalances, by reason',
    description:
      'Times that a running consumer had to join again, in the window before each point. Normal: at deployments. membership_lost: a handler took too long, and its messages are handled again.',
    unit: 'short',
    noValue: 'No group was re-balanced.',
    width: 6,
    lines: [
      {
        expr: sum(grown(ofProcess(series.rebalances), WINDOW), label.rebalanceReason),
        legend: `{{${label.rebalanceReason}}}`,
      },
    ],
  })

const commits = () =>
  graph({
    title: 'Refused commits',
    description:
      'Commits of offsets that a broker has refused, in the window before each point. Normal: none; some at a rebalance. What was not committed is handled again.',
    unit: 'short',
    noValue: 'No commit was refused.',
    width: 6,
    lines: [
      {
        expr: sum(grown(ofProcess(series.commits, failed), WINDOW), label.code),
        legend: `{{${label.code}}}`,
      },
    ],
  })

export const consumerPanels = () => [
  handled(),
  messagesBehind(),
  timeBehind(),
  duration(),
  handlerFailures(),
  crashes(),
  rebalances(),
  commits(),
]
