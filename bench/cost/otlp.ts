/** What an OTLP/HTTP protobuf request holds, read without a schema: only the few fields that are counted. */

/** Of one request, or of several. */
export interface Counted {
  /** Spans by name: how many, and the bytes of their messages. */
  readonly spans: Record<string, { count: number; bytes: number }>
  /** Series by metric, as Prometheus has them: buckets, sum and count of each data point of a histogram. */
  readonly series: Record<string, number>
  logRecords: number
}

export const nothing = (): Counted => ({ spans: {}, series: {}, logRecords: 0 })

interface Field {
  readonly number: number
  readonly bytes: Buffer
}

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2

function readVarint(buffer: Buffer, from: number): { value: number; next: number } {
  let value = 0
  let next = from
  for (let factor = 1; ; factor *= 128) {
    const byte = buffer[next++] ?? 0
    value += (byte & 127) * factor
    if (byte < 128) return { value, next }
  }
}

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  while (at < message.length) {
    const tag = readVarint(message, at)
    const [number, type] = [tag.value >>> 3, tag.value & 7]
    const length = type === LENGTH_DELIMITED ? readVarint(message, tag.next) : undefined
    const begin = length?.next ?? tag.next
    if (type === VARINT) at = readVarint(message, begin).next
    else at = begin + (length?.value ?? (type === FIXED64 ? 8 : 4))
    fields.push({ number, bytes: message.subarray(begin, at) })
  }
  return fields
}

/** The messages of a field, and of a field of those, and so on. */
const inside = (message: Buffer, ...path: number[]): Buffer[] =>
  path.reduce(
    (messages, number) =>
      messages.flatMap((one) =>
        fieldsOf(one).flatMap((field) => (field.number === number ? [field.bytes] : [])),
      ),
    [message],
  )

const text = (message: Buffer, number: number) => inside(message, number)[0]?.toString() ?? ''

/** ExportTraceServiceRequest: resource_spans 1, scope_spans 2, spans 2; Span: name 5. */
export function countSpans(request: Buffer): Counted {
  const counted = nothing()
  for (const span of inside(request, 1, 2, 2)) {
    counted.spans[text(span, 5)] ??= { count: 0, bytes: 0 }
    const entry = counted.spans[text(span, 5)]
    if (!entry) continue
    entry.count += 1
    entry.bytes += span.length
  }
  return counted
}

/** resource_metrics 1, scope_metrics 2, metrics 2; Metric: name 1, gauge 5, sum 7, histogram 9, each with data_points 1. */
export function countSeries(request: Buffer): Counted {
  const counted = nothing()
  for (const metric of inside(request, 1, 2, 2)) {
    const numbers = [...inside(metric, 5, 1), ...inside(metric, 7, 1)].length
    const histograms = inside(metric, 9, 1).map((point) => histogramSeries(boundsOf(point)))
    const series = histograms.reduce((sum, one) => sum + one, numbers)
    if (series > 0) counted.series[text(metric, 1)] = series
  }
  return counted
}

/** A bucket for each bound and one for +Inf, and `_sum` and `_count`. */
export const histogramSeries = (bounds: number): number => bounds + 3

/** HistogramDataPoint: explicit_bounds 7, doubles. */
const boundsOf = (point: Buffer) => inside(point, 7).reduce((bytes, { length }) => bytes + length, 0) / 8

/** resource_logs 1, scope_logs 2, log_records 2. */
export const countLogRecords = (request: Buffer): Counted => ({
  ...nothing(),
  logRecords: inside(request, 1, 2, 2).length,
})
