import { SpanKind } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { instruments, MESSAGING_BUCKETS, measure } from '../telemetry/instruments.ts'
import { Attribute, Metric, Span } from '../telemetry/names.ts'
import { withSpan } from '../telemetry/with-span.ts'
import type { Group } from './group.ts'

/** What `commitOffsets` is given. */
export interface Position {
  readonly topic: string
}

// The send's own: the SDK knows an instrument by name, unit and description.
const commitInstruments = instruments((meter) => ({
  duration: meter.createHistogram(Metric.OperationDuration, {
    unit: 's',
    description: 'Duration of messaging operation initiated by a producer or consumer client.',
    advice: { explicitBucketBoundaries: MESSAGING_BUCKETS },
  }),
}))

const COMMIT = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'commit',
  [Attribute.MessagingOperationType]: 'settle',
} as const

/** The span around a call of `commitOffsets`. */
export async function observedCommit(
  positions: readonly Position[],
  group: Group,
  commit: () => Promise<void>,
): Promise<void> {
  const topic = onlyTopic(positions)
  const series = {
    ...COMMIT,
    ...group.attributes,
    ...(topic === undefined ? {} : { [Attribute.MessagingDestination]: topic }),
  }
  const clientId = group.clientId === undefined ? {} : { [Attribute.MessagingClientId]: group.clientId }
  const start = performance.now()
  let failed = {}
  try {
    await withSpan(
      topic === undefined ? Span.Commit : `${Span.Commit} ${topic}`,
      { kind: SpanKind.CLIENT, attributes: { ...series, ...clientId } },
      commit,
    )
  } catch (error) {
    const failure = classifyFailure(error)
    annotate(error, failure)
    failed = { [Attribute.ErrorType]: failure.code }
    throw error
  } finally {
    const seconds = (performance.now() - start) / 1000
    measure(commitInstruments()?.duration, seconds, { ...series, ...failed })
  }
}

function onlyTopic(positions: readonly Position[]): string | undefined {
  const [first, ...others] = Array.isArray(positions) ? positions : []
  const topic = (first as Partial<Position> | undefined)?.topic
  return typeof topic === 'string' && others.every((other) => other?.topic === topic) ? topic : undefined
}
