/** What was seen, as text, without what can be the same in no two runs. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { Attribute } from '../../src/telemetry/names.ts'

/** Shown by name alone: times, ports, and hints, which follow from the code. */
const VALUES_NOT_SHOWN: ReadonlySet<string> = new Set([
  Attribute.TokenAge,
  Attribute.TokenLifetime,
  Attribute.ServerPort,
  Attribute.FailureHint,
])

export const indented = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)

export function normaliser(names: ReadonlyMap<string, string>): (text: string) => string {
  return (text) => {
    let plain = text
    for (const [name, shown] of names) plain = plain.replaceAll(name, shown)
    return (
      plain
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
        .replaceAll(/\blocalhost:\d+/g, 'BROKER')
        // Kafka's own type is User, and MSK's IAM, as users report. The sandbox follows MSK.
        .replaceAll(/\b(from|:) (User|IAM)\./g, '$1 TYPE.')
    )
  }
}

interface AnyError {
  readonly name?: string
  readonly message?: string
  readonly type?: unknown
  readonly code?: unknown
  readonly retriable?: unknown
  readonly retryCount?: unknown
  readonly failure?: { readonly code: string; readonly requestId?: string }
  readonly cause?: unknown
  readonly original?: unknown
}

/** The error, and those under it. */
export function renderError(error: unknown, depth = 0): string[] {
  const { name, message, type, code, retriable, retryCount, failure, cause, original } = error as AnyError
  const failed = failure && `${failure.code}${failure.requestId === undefined ? '' : ` ${failure.requestId}`}`
  const fields = Object.entries({ type, code, retriable, retryCount, failure: failed })
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => ` ${field}=${value}`)
  const under = [
    ['cause', cause],
    ['original', original],
  ].flatMap(([field, other]) =>
    other === undefined || other === null || depth > 4
      ? []
      : indented([`${field}:`, ...indented(renderError(other, depth + 1))]),
  )
  return [`${name}: ${message}`, ...(fields.length > 0 ? [`  ${fields.join('').trim()}`] : []), ...under]
}

/** A tree, in the order in which they began. */
export function renderSpans(spans: readonly ReadableSpan[], shown: (text: string) => string): string[] {
  const ordered = [...spans].sort(
    (one, other) => one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1],
  )
  const nameOf = new Map(ordered.map((span) => [span.spanContext().spanId, span.name]))
  const under = (parent: string | undefined): string[] =>
    ordered
      .filter(({ parentSpanContext }) => {
        const above = parentSpanContext?.spanId
        return (above !== undefined && nameOf.has(above) ? above : undefined) === parent
      })
      .flatMap((span) => [renderSpan(span, nameOf, shown), ...indented(under(span.spanContext().spanId))])
  return under(undefined)
}

/** What many spans have alike: shown by one name, where all of it is there as it should be. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  provider: [`${Attribute.CloudRegion}=eu-west-1`, `${Attribute.ProviderName}=truth`],
  server: [`${Attribute.ServerAddress}=localhost`, Attribute.ServerPort],
  'kafka send': [
    `${Attribute.MessagingOperationName}=send`,
    `${Attribute.MessagingOperationType}=send`,
    `${Attribute.MessagingSystem}=kafka`,
  ],
}

function renderSpan(
  { name, kind, status, attributes, links, events }: ReadableSpan,
  nameOf: ReadonlyMap<string, string>,
  shown: (text: string) => string,
): string {
  let described = Object.entries(attributes)
    .map(([attribute, value]) =>
      VALUES_NOT_SHOWN.has(attribute) ? attribute : shown(`${attribute}=${inOrder(value)}`),
    )
    .sort()
  for (const [group, members] of Object.entries(GROUPS)) {
    if (members.every((member) => described.includes(member)))
      described = [group, ...described.filter((one) => !members.includes(one))]
  }
  const error =
    status.code === SpanStatusCode.UNSET ? [] : [`${SpanStatusCode[status.code]} "${status.message}"`]
  const linked = links.map(({ context, attributes: said = {} }) => {
    const pairs = Object.entries(said).map(([attribute, value]) => shown(`${attribute}=${value}`))
    const target = `-> ${nameOf.get(context.spanId) ?? 'elsewhere'}`
    return pairs.length === 0 ? target : `${target} {${pairs.sort().join(', ')}}`
  })
  const happened = events.map((event) => `event ${event.name}`)
  return [`${name} ${SpanKind[kind]}`, ...error, `{${described.join(', ')}}`, ...linked, ...happened].join(
    ' ',
  )
}

/** Kafka answers for the partitions of a send in the order of a hash map. */
const inOrder = (value: unknown): unknown => (Array.isArray(value) ? [...value].sort() : value)
