import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Attribute, LogEvent, Metric, Span } from '../../src/telemetry/names.ts'
import { cases } from '../truth/cases.ts'
import { type Documented, documentedMetrics, documentedSpans } from './documented.ts'
import { metricsIn, ON_EVERY_SERIES, type Seen, spansIn } from './observed.ts'

const textOf = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

/** Each of them is compared, letter by letter, with what is emitted. */
const golden = [
  ...cases.map(({ expected }) => expected),
  textOf('test/instrument/instrument-transaction.test.ts'),
].join('\n')

/** On every span that failed, says the page. */
const OF_FAILURES: readonly string[] = [Attribute.ErrorType, Attribute.FailureHint, Attribute.BrokerRequestId]

/** What consumers tell: of each name the test that shows it, with a fake one, and its attributes. */
const OF_CONSUMERS: readonly (readonly [name: string, test: string, attributes: readonly string[]])[] = [
  [
    `${Span.Process} {topic}`,
    'messaging/process',
    [
      Attribute.MessagingSystem,
      Attribute.MessagingOperationName,
      Attribute.MessagingOperationType,
      Attribute.MessagingDestination,
      Attribute.MessagingPartition,
      Attribute.MessagingConsumerGroup,
      Attribute.MessagingClientId,
      Attribute.MessagingBodySize,
      Attribute.MessagingBatchCount,
      Attribute.KafkaOffset,
      Attribute.KafkaTombstone,
    ],
  ],
  [Metric.Commits, 'instrument/consumer-group', [Attribute.MessagingConsumerGroup, Attribute.ErrorType]],
  [
    Metric.ConsumedMessages,
    'messaging/process',
    [Attribute.MessagingDestination, Attribute.MessagingConsumerGroup],
  ],
  [
    Metric.ProcessDuration,
    'messaging/process',
    [Attribute.MessagingDestination, Attribute.MessagingConsumerGroup, Attribute.ErrorType],
  ],
  [
    Metric.MessagesBehind,
    'instrument/consumer-group',
    [Attribute.MessagingDestination, Attribute.MessagingConsumerGroup, Attribute.MessagingPartition],
  ],
  [
    Metric.Rebalances,
    'instrument/consumer-group',
    [Attribute.MessagingConsumerGroup, Attribute.RebalanceReason],
  ],
  [
    Metric.Crashes,
    'instrument/consumer-group',
    [Attribute.MessagingConsumerGroup, Attribute.ConsumerRestarts, Attribute.ErrorType],
  ],
  [LogEvent.ConsumerCrashed, 'instrument/consumer-group', []],
]

/** What no golden text shows: what it is, the test that does, and why. */
const ELSEWHERE: readonly (readonly [what: string, test: string, why: string])[] = [
  ...['msk_iam.signer.retries', 'msk_iam.signer.retries error.type'].map(
    (what) =>
      [
        what,
        'test/failures/reproduced-roles.test.ts',
        'the cases sign without STS, and nothing fails there that is tried again',
      ] as const,
  ),
  ...['msk_iam.authentication.duration', 'msk_iam.authentication.failures'].flatMap((metric) =>
    ['server.address', 'server.port'].map(
      (attribute) =>
        [
          `${metric} ${attribute}`,
          'test/kafkajs/authentication-provider.test.ts',
          'only with serverAddressOnMetrics: true',
        ] as const,
    ),
  ),
  ['msk_iam.token.refresh.failed', 'test/token/token-metrics.test.ts', 'the cases show no log records'],
  [
    'msk_iam.authentication.failed',
    'test/kafkajs/authentication-provider.test.ts',
    'the cases show no log records',
  ],
  ...OF_CONSUMERS.flatMap(([name, file, attributes]) =>
    [name, ...attributes.map((attribute) => `${name} ${attribute}`)].map(
      (what) => [what, `test/${file}.test.ts`, 'the sandbox serves no consumer groups'] as const,
    ),
  ),
]

const elsewhere = (what: string) => ELSEWHERE.some(([known]) => known === what)

/** `span attribute`, of everything. */
const pairs = (of: readonly { name: string; attributes: ReadonlySet<string> }[]) =>
  new Set(of.flatMap(({ name, attributes }) => [...attributes].map((attribute) => `${name} ${attribute}`)))

const undocumented = (seen: readonly Seen[], documented: readonly Documented[], also: readonly string[]) => {
  const promised = pairs(documented)
  return [...pairs(seen)].filter(
    (pair) => !promised.has(pair) && !also.includes(pair.split(' ').at(-1) ?? ''),
  )
}

const unseen = (seen: readonly Seen[], documented: readonly Documented[]) => {
  const emitted = pairs(seen)
  return [...pairs(documented)].filter((pair) => !emitted.has(pair) && !elsewhere(pair))
}

describe('spans', () => {
  const seen = spansIn(golden).filter(({ name }) => name !== 'request')
  const documented = documentedSpans()

  test('no span, kind or attribute of a span is emitted that docs/telemetry.md does not have', () => {
    const kinds = new Map(documented.map(({ name, kinds }) => [name, kinds]))
    expect(seen.filter(({ name, kind }) => !kinds.get(name)?.includes(kind ?? ''))).toEqual([])
    expect(undocumented(seen, documented, OF_FAILURES)).toEqual([])
  })

  test('every span and attribute of a span in docs/telemetry.md is emitted', () => {
    expect(unseen(seen, documented)).toEqual([])
    expect(documented.map(({ name }) => name.split(' ')[0]).sort()).toEqual(Object.values(Span).sort())
  })
})

describe('metrics', () => {
  const seen = metricsIn(golden)
  const documented = documentedMetrics().map((row) => ({
    ...row,
    attributes: new Set([...row.attributes].filter((attribute) => !ON_EVERY_SERIES.has(attribute))),
  }))

  test('no metric or attribute of a metric is emitted that docs/telemetry.md does not have', () => {
    const names = documented.map(({ name }) => name)
    expect(seen.filter(({ name }) => !names.includes(name))).toEqual([])
    expect(undocumented(seen, documented, [...ON_EVERY_SERIES])).toEqual([])
  })

  test('every metric and attribute of a metric in docs/telemetry.md is emitted', () => {
    expect(unseen(seen, documented)).toEqual([])
    const emitted = new Set(seen.map(({ name }) => name))
    expect(Object.values(Metric).filter((name) => !emitted.has(name) && !elsewhere(name))).toEqual([])
  })
})

test('every log record in docs/telemetry.md is emitted', () => {
  expect(Object.values(LogEvent).filter((name) => !elsewhere(name))).toEqual([])
})

test('every attribute is on a span or metric', () => {
  const shown = [...spansIn(golden), ...metricsIn(golden)].flatMap(({ attributes }) => [...attributes])
  const emitted = new Set([...shown, ...ELSEWHERE.map(([what]) => what.split(' ').at(-1))])
  expect(Object.values(Attribute).filter((name) => !emitted.has(name))).toEqual([])
})

describe('what no golden text shows', () => {
  const metrics = metricsIn(golden)
  const shown = new Set([...pairs(spansIn(golden)), ...pairs(metrics), ...metrics.map(({ name }) => name)])

  test.each(ELSEWHERE)('%s is shown by %s: %s', (what, file) => {
    const text = textOf(file)
    expect(what.split(' ').filter((name) => name !== '{topic}' && !text.includes(name))).toEqual([])
    expect(shown).not.toContain(what)
  })
})
