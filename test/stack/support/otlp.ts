/** OTLP as JSON, by hand: spans with any age and duration, and values that no SDK of ours would ever tell. */
import { randomBytes } from 'node:crypto'

type Value = string | number | readonly string[]
export type Attributes = Readonly<Record<string, Value>>

export interface SpanToSend {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly seconds?: number
  readonly attributes?: Attributes
  /** Status ERROR with this description. */
  readonly failed?: string
  readonly eventAttributes?: Attributes
}

export const newTraceId = () => randomBytes(16).toString('hex')
export const newSpanId = () => randomBytes(8).toString('hex')

/** One span as the root of a trace of its own, or in that of a parent. */
export function span(name: string, more: Partial<SpanToSend> & { parent?: SpanToSend } = {}): SpanToSend {
  const { parent, ...given } = more
  return {
    name,
    traceId: parent?.traceId ?? newTraceId(),
    spanId: newSpanId(),
    ...(parent !== undefined && { parentSpanId: parent.spanId }),
    ...given,
  }
}

/** Sends in the name of a service. */
export function otlpSender(url: string, service: string) {
  const resource = { attributes: keyValues({ 'service.name': service, 'service.instance.id': 'one' }) }
  const post = async (signal: string, body: object): Promise<void> => {
    const response = await fetch(`${url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`The collector answered ${response.status}: ${await response.text()}`)
  }
  return {
    /** All of them in one request, as of one batch of an SDK. */
    spans(...given: SpanToSend[]): Promise<void> {
      const end = Date.now()
      const spans = given.map((one) => encoded(one, end))
      return post('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
    },

    log(body: string, attributes: Attributes = {}): Promise<void> {
      const logRecords = [
        { timeUnixNano: nano(Date.now()), body: { stringValue: body }, attributes: keyValues(attributes) },
      ]
      return post('logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
    },

    gauge(name: string, value: number, attributes: Attributes): Promise<void> {
      const point = { timeUnixNano: nano(Date.now()), asDouble: value, attributes: keyValues(attributes) }
      const metrics = [{ name, gauge: { dataPoints: [point] } }]
      return post('metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] })
    },
  }
}

const nano = (epochMs: number) => `${Math.round(epochMs * 1000)}000`

function encoded(
  { seconds = 0.01, attributes = {}, failed, eventAttributes, ...span }: SpanToSend,
  end: number,
) {
  return {
    ...span,
    kind: 1,
    startTimeUnixNano: nano(end - seconds * 1000),
    endTimeUnixNano: nano(end),
    attributes: keyValues(attributes),
    status: failed === undefined ? {} : { code: 2, message: failed },
    events:
      eventAttributes === undefined ? [] : [{ name: 'exception', attributes: keyValues(eventAttributes) }],
  }
}

const keyValues = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))

function anyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { doubleValue: value }
  return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } }
}
