import { expect, test } from 'vitest'
import { Audience } from '../../src/cli/demo/audience.ts'
import { metricsTable } from '../../src/cli/demo/metrics-table.ts'
import type { Paint } from '../../src/cli/demo/paint.ts'
import type { Report } from '../../src/cli/demo/report.ts'
import { textReport } from '../../src/cli/demo/report-text.ts'
import { sceneOf, scenes } from '../../src/cli/demo/scenes.ts'
import type { SeenSpan, SeenTrace } from '../../src/cli/demo/trace.ts'
import { treeLines } from '../../src/cli/demo/tree.ts'

const asIs = (text: string) => text
const plain: Paint = { title: asIs, event: asIs, detail: asIs, error: asIs, hint: asIs, good: asIs }

/** A span under the one given, or a root. */
function span(
  name: string,
  attributes: Record<string, unknown> = {},
  parent?: SeenSpan,
  durationMs = 5,
): SeenSpan {
  const spanId = `${parent?.spanId ?? ''}/${name}${JSON.stringify(attributes)}`
  return {
    name,
    kind: 'INTERNAL',
    spanId,
    parentSpanId: parent?.spanId,
    startMs: 0,
    durationMs,
    attributes,
    links: [],
  }
}

const traceOf = (...spans: SeenSpan[]): SeenTrace => ({ traceId: 'a'.repeat(32), spans })
const authenticate = (attributes: Record<string, unknown>, parent?: SeenSpan) =>
  span('msk_iam.authenticate', attributes, parent, 205)

const connect = span('msk_iam.connect', {}, undefined, 1_299)
const denied = span('msk_iam.connect', {
  'error.type': 'access_denied',
  'msk_iam.failure.hint':
    'Allow kafka-cluster:Connect on the cluster ARN for this role or user, and check more.',
  'msk_iam.broker.request_id': '0a1b2c3d-1111-2222-3333-444455556666',
})

const throttled = traceOf(
  connect,
  authenticate(
    {
      'error.type': 'too_many_connects',
      'msk_iam.failure.hint': 'It passes.',
      'msk_iam.broker.request_id': 'an id',
    },
    connect,
  ),
  span('msk_iam.token.refresh', { 'msk_iam.refresh.trigger': 'first' }, connect),
)

test('a trace is a tree: who waited for whom, how long, and what came of it', () => {
  const first = authenticate(
    { 'msk_iam.authentication.kind': 'initial', 'msk_iam.token.result': 'miss' },
    connect,
  )
  const refresh = span(
    'msk_iam.token.refresh',
    { 'msk_iam.refresh.trigger': 'first', 'msk_iam.token.lifetime': 899.5, 'msk_iam.signer.attempts': 2 },
    first,
    63.4,
  )
  const second = authenticate({ 'error.type': 'too_many_connects', 'msk_iam.token.age': 0.7 }, connect)
  expect(treeLines(traceOf(connect, first, refresh, second), 80, plain)).toEqual([
    'msk_iam.connect                   1.30 s',
    '├─ msk_iam.authenticate           205 ms  kind=initial token.result=miss',
    '│  └─ msk_iam.token.refresh        63 ms  trigger=first attempts=2',
    '│                                         token.lifetime=899.5s',
    '└─ msk_iam.authenticate           205 ms  error.type=too_many_connects',
    '                                          token.age=0.7s',
  ])
})

test('the cure and the request id are said once, under the tree', () => {
  const child = authenticate(denied.attributes, denied)
  expect(treeLines(traceOf(denied, child), 60, plain)).toEqual([
    'msk_iam.connect                   5.0 ms  error.type=access_denied',
    '└─ msk_iam.authenticate           205 ms  error.type=access_denied',
    'hint: Allow kafka-cluster:Connect on the cluster ARN for',
    '      this role or user, and check more.',
    'request id: 0a1b2c3d-1111-2222-3333-444455556666',
  ])
})

test('a retried throttle is told from a first connect, and a refresh after an outage from any other', () => {
  const timer = traceOf(span('msk_iam.token.refresh', { 'msk_iam.refresh.trigger': 'timer' }))
  expect(sceneOf(throttled, new Set())).toBe('throttled')
  expect(sceneOf(timer, new Set())).toBe('timer')
  expect(sceneOf(timer, new Set(['outage']))).toBe('recovered')
  expect(sceneOf(traceOf(denied), new Set())).toBe('denied')
  expect(sceneOf(traceOf(span('send orders')), new Set())).toBeUndefined()
})

/** A report that keeps what it is told. */
function memory() {
  const told: unknown[][] = []
  const report: Report = {
    begin: () => undefined,
    event: () => undefined,
    scene: (_at, scene, { traceId }, first) => told.push([scene, traceId, first]),
    caught: () => undefined,
    end: () => undefined,
  }
  return { told, report }
}

test('a step waits until all of its scenes were seen', async () => {
  const { told, report } = memory()
  const audience = new Audience(report)
  const waiting = audience.seen('denied', 'throttled').then(() => told.push(['went on']))
  audience.look(traceOf(denied))
  audience.look(traceOf(denied))
  await Promise.resolve()
  audience.look(throttled)
  await waiting
  const id = 'a'.repeat(32)
  expect(told).toEqual([['denied', id, true], ['denied', id, false], ['throttled', id, true], ['went on']])
  expect(audience.missing).not.toContain('denied')
})

test('a scene that does not come is missing, and the demo goes on without it', async () => {
  const audience = new Audience(memory().report, 1)
  await audience.seen('denied')
  expect(audience.missing).toEqual(Object.keys(scenes))
})

test('the end says what was not seen, and what went wrong', () => {
  let written = ''
  const out = { write: (text: string) => (written += text) } as unknown as NodeJS.WritableStream
  textReport(out, 80, plain).end({
    ok: false,
    seconds: 21.3,
    missing: ['denied'],
    problems: ['Messages of orders were lost or came twice.'],
    notes: [],
    tallies: [{ topic: 'orders', published: 58, once: 57, failed: 1, failure: 'access_denied' }],
    series: [],
    links: [],
  })
  expect(written.split('\n').slice(-8)).toEqual([
    'orders: 58 messages published, 57 of them in the topic exactly once, 1 failed',
    '(access_denied).',
    '',
    'Not seen: Denied',
    'Messages of orders were lost or came twice.',
    '10 of 11 were seen, in 21 s.',
    'What each of them means: docs/demo.md in the package kafka-iam-otel.',
    '',
  ])
})

test('the metrics are a table that fits into 80 columns, without the series that are 0', () => {
  const of = (metric: string, unit: string, value: number, more = {}) => ({
    metric,
    unit,
    value,
    attributes: { 'msk_iam.provider.name': 'orders', ...more },
  })
  const table = metricsTable([
    of('msk_iam.token.requests', '{request}', 12, { 'msk_iam.token.result': 'hit' }),
    of('msk_iam.token.requests', '{request}', 0, { 'msk_iam.token.result': 'error' }),
    of('msk_iam.token.remaining_lifetime', 's', 11.56),
    {
      metric: 'msk_iam.token.refresh.duration',
      unit: 's',
      attributes: {
        'msk_iam.provider.name': 'orders',
        'msk_iam.refresh.trigger': 'timer',
        'error.type': 'sts_unreachable',
      },
      value: { count: 4, sum: 0.1, max: 0.04 },
    },
  ])
  expect(table.split('\n')).toEqual([
    'msk_iam.token.requests',
    '  orders  hit                           12',
    'msk_iam.token.remaining_lifetime',
    '  orders                            11.6 s',
    'msk_iam.token.refresh.duration',
    '  orders  timer sts_unreachable  4 × 25 ms',
  ])
})
