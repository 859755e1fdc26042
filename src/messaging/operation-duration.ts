import type { Attributes } from '@opentelemetry/api'
import { instruments, MESSAGING_BUCKETS, measure } from '../telemetry/instruments.ts'
import { Metric } from '../telemetry/names.ts'

const operationInstruments = instruments((meter) => ({
  duration: meter.createHistogram(Metric.OperationDuration, {
    unit: 's',
    description: 'Duration of messaging operation initiated by a producer or consumer client.',
    advice: { explicitBucketBoundaries: MESSAGING_BUCKETS },
  }),
}))

/** Of a send, a commit: whatever a client does with the broker. */
export const measureOperation = (seconds: number, attributes: Attributes): void =>
  measure(operationInstruments()?.duration, seconds, attributes)
