import { type Attributes, SpanKind } from '@opentelemetry/api'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { Attribute, Span } from '../telemetry/names.ts'
import { withSpan } from '../telemetry/with-span.ts'
import { measureOperation } from './operation-duration.ts'
import { isLegalTopic } from './topic-name.ts'

const COMMIT = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'commit',
  [Attribute.MessagingOperationType]: 'settle',
} as const

/** Whose offsets are committed. */
export interface Commit {
  /** One for each position; what is no text names none. */
  readonly topics: readonly unknown[]
  /** Of the group: on span and metric. */
  readonly attributes: Attributes
  readonly clientId: string | undefined
}

/** The span around a commit of offsets, by a consumer or in a transaction, and its duration. */
export async function observedCommit<T>(
  { topics, attributes, clientId }: Commit,
  commit: () => Promise<T>,
): Promise<T> {
  const [topic, ...others] = new Set(topics)
  const known = isLegalTopic(topic) && others.length === 0
  const series = {
    ...COMMIT,
    ...attributes,
    ...(known ? { [Attribute.MessagingDestination]: topic } : {}),
  }
  const client = clientId === undefined ? {} : { [Attribute.MessagingClientId]: clientId }
  const settings = { kind: SpanKind.CLIENT, attributes: { ...series, ...client } }
  const start = performance.now()
  let failed = {}
  try {
    return await withSpan(known ? `${Span.Commit} ${topic}` : Span.Commit, settings, commit)
  } catch (error) {
    const failure = classifyFailure(error)
    annotate(error, failure)
    failed = { [Attribute.ErrorType]: failure.code }
    throw error
  } finally {
    measureOperation((performance.now() - start) / 1000, { ...series, ...failed })
  }
}
