import { jaegerUrl } from './places.ts'

export interface JaegerSpan {
  /** Its `service.name`. */
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  /** In the same trace; undefined for a root. */
  readonly parentId: string | undefined
  readonly name: string
  /** `internal`, `client`, `producer`, …; undefined where Jaeger has none. */
  readonly kind: string | undefined
  /** Epoch µs. */
  readonly start: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: 'ERROR' | 'OK' | 'UNSET'
  readonly statusDescription: string | undefined
  /** `TRACE-SPAN` of each. */
  readonly links: readonly string[]
}

interface RawSpan {
  traceID: string
  processID: string
  spanID: string
  operationName: string
  startTime: number
  references: { refType: string; traceID: string; spanID: string }[]
  tags: { key: string; value: unknown }[]
}

interface RawTrace {
  spans: RawSpan[]
  processes: Record<string, { serviceName: string }>
}

/** Every span of every trace of a service that has a span as asked for. */
export async function jaeger(
  service: string,
  { operation, tags, since }: { operation?: string; tags?: Record<string, string>; since?: number } = {},
): Promise<JaegerSpan[]> {
  const query = new URLSearchParams({ service, limit: '5000' })
  if (operation !== undefined) query.set('operation', operation)
  if (tags !== undefined) query.set('tags', JSON.stringify(tags))
  if (since !== undefined) query.set('start', String(since))
  const response = await fetch(`${jaegerUrl}/api/traces?${query}`)
  const { data, errors } = (await response.json()) as { data: RawTrace[] | null; errors: unknown }
  if (!response.ok) throw new Error(`Jaeger answered ${response.status}: ${JSON.stringify(errors)}`)
  return (data ?? []).flatMap(({ spans, processes }) =>
    spans.map((span) => spanOf(span, processes[span.processID]?.serviceName ?? '')),
  )
}

function spanOf(
  { traceID, spanID, operationName, startTime, references, tags }: RawSpan,
  service: string,
): JaegerSpan {
  const {
    'span.kind': kind,
    'otel.status_code': status = 'UNSET',
    'otel.status_description': description,
    ...attributes
  } = Object.fromEntries(tags.map(({ key, value }) => [key, value]))
  // Where the parent is also linked to, Jaeger keeps the FOLLOWS_FROM alone, and shows it as the parent.
  const [parent] = ['CHILD_OF', 'FOLLOWS_FROM'].flatMap((type) =>
    references.filter(({ refType, traceID: of }) => refType === type && of === traceID),
  )
  const links = references.filter(({ refType }) => refType === 'FOLLOWS_FROM')
  return {
    service,
    traceId: traceID,
    spanId: spanID,
    parentId: parent?.spanID,
    name: operationName,
    kind: kind as string | undefined,
    start: startTime,
    attributes,
    status: status as JaegerSpan['status'],
    statusDescription: description as string | undefined,
    links: links.map(({ traceID: of, spanID: to }) => `${of}-${to}`),
  }
}
