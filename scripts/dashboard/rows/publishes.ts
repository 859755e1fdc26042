/** What the service is there for: messages that are written. */
import { runbookOfLine } from '../links.ts'
import { graph, table } from '../panels.ts'
import {
  failed,
  grown,
  grownOfMany,
  ofProcess,
  ofSpans,
  quantileOfMany,
  succeeded,
  sum,
  WINDOW,
} from '../promql.ts'
import { label, series } from '../series.ts'
import { threshold } from '../thresholds.ts'

const sends = `${label.operation}="send"`
const sent = ofProcess(series.sentMessages, sends)
const written = ofProcess(series.sentMessages, sends, succeeded)
const notWritten = ofProcess(series.sentMessages, sends, failed)
const duration = ofProcess(series.operation.bucket, sends)

const rate = () =>
  graph({
    title: 'Messages per second, by outcome',
    description:
      'The mean of 5 minutes. Normal: ok alone, at the usual rate. A message counts when its `send` has ended.',
    unit: 'suffix: /s',
    noValue: 'Nothing was sent.',
    width: 8,
    lines: [
      { expr: `${sum(grownOfMany(written, '5m'))} / 300`, legend: 'ok' },
      { expr: `${sum(grown(notWritten, '5m'), label.code)} / 300`, legend: `{{${label.code}}}` },
    ],
    links: [runbookOfLine],
  })

const latency = () =>
  graph({
    title: 'Duration of a send',
    description: `Of \`send\` and \`sendBatch\`, retries of kafkajs included. Normal: below ${threshold.publishSeconds} s, where the alert begins. A broken line: nothing was sent.`,
    unit: 's',
    noValue: 'Nothing was sent.',
    width: 8,
    lines: [0.5, 0.95, 0.99].map((quantile) => ({
      expr: quantileOfMany(quantile, duration),
      legend: `p${quantile * 100}`,
    })),
    limits: [threshold.publishSeconds],
  })

/** Each with 0 where it has no series and the other has. */
function share(window: string): string {
  const [good, bad] = [sum(grownOfMany(written, window)), sum(grown(notWritten, window))]
  return `(${bad} or 0 * ${good}) / ((${good} or 0 * ${bad}) + (${bad} or 0 * ${good}) > 0)`
}

const burn = () =>
  graph({
    title: 'Share of messages not written',
    description: `Of all services chosen. The objective is 99.9 %. Normal: 0. Upper line: with 5 minutes and 1 hour above it the budget of a month is gone in two days, and it pages. Lower line: 5 days, and it warns.`,
    unit: 'percentunit',
    noValue: 'Nothing was sent.',
    width: 8,
    lines: ['5m', '1h', '6h'].map((window) => ({ expr: share(window), legend: window })),
    limits: [threshold.publishFailures.slow, threshold.publishFailures.fast],
  })

const codes = () =>
  graph({
    title: 'Messages not written, by code',
    description:
      'In the window before each point: 4 minutes, more when zoomed out. The first failure ever is in it. Normal: none.',
    unit: 'short',
    noValue: 'Every message was written.',
    width: 8,
    lines: [{ expr: sum(grown(notWritten, WINDOW), label.code), legend: `{{${label.code}}}` }],
    links: [runbookOfLine],
  })

const ofTopic = (expression: string) => `${expression} and on (${label.topic}) ${busiest}`
const busiest = `topk(15, ${sum(grownOfMany(sent, '15m'), label.topic)})`

const topics = () =>
  table({
    title: 'Topics, 15 minutes',
    description:
      'The fifteen busiest: messages, those of them not written, and the p95 of a send. Normal: none in the column "not written". A send to several topics has no topic.',
    unit: 'short',
    noValue: 'Nothing was sent.',
    width: 8,
    exprs: [
      busiest,
      ofTopic(sum(grown(notWritten, '15m'), label.topic)),
      ofTopic(`histogram_quantile(0.95, ${sum(`rate(${duration}[15m])`, 'le', label.topic)})`),
    ],
  })
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: { [label.topic]: 0, 'Value #A': 1, 'Value #B': 2, 'Value #C': 3 },
      },
    })
    .overrideByName('Value #A', [{ id: 'displayName', value: 'messages' }])
    .overrideByName('Value #B', [{ id: 'displayName', value: 'not written' }])
    .overrideByName('Value #C', [
      { id: 'displayName', value: 'p95' },
      { id: 'unit', value: 's' },
    ])

const spans = (...matchers: string[]) => quantileOfMany(0.95, ofSpans(series.spans.bucket, ...matchers))

const traces = () =>
  graph({
    title: 'p95 of spans, with traces to open',
    description:
      'From the spans, by the collector: each dot is one span, and leads to its trace in Jaeger. Open a dot far above its line. The collector keeps the traces that failed or were slow, and a share of the others: a dot can lead to a trace that was not kept. Normal: as in the panels before it. The instance does not filter it.',
    unit: 's',
    noValue: "No spans, or the collector has no span metrics: they come from its connector 'spanmetrics'.",
    width: 8,
    lines: [
      // With links to the messages' own traces a send is a CLIENT span; its name is `send`, mostly with the topic.
      { expr: spans(`${label.spanName}=~"send( .*)?"`), legend: 'send', exemplar: true },
      { expr: spans(`${label.spanName}="msk_iam.authenticate"`), legend: 'authenticate', exemplar: true },
      { expr: spans(`${label.spanName}="msk_iam.token.refresh"`), legend: 'refresh', exemplar: true },
    ],
  })

export const publishPanels = () => [rate(), latency(), burn(), codes(), topics(), traces()]
