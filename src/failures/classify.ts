import { catalogue, failureClass } from './catalogue.ts'
import { type Failure, KafkaIamError } from './errors.ts'
import type { FailureClass, Pattern, Phase } from './failure-class.ts'
import { forTelemetry } from './redact.ts'

/** An error, read. */
export interface ClassifiedFailure extends Failure {
  /** What happened, in one sentence that is safe for telemetry. */
  readonly title: string
  readonly retriable: boolean
  /** The broker read the token and refused it. */
  readonly refusesToken: boolean
  /** The page to read. */
  readonly docs: string
}

/** What is read off one link of an error's chain. */
interface Link {
  readonly error: object
  readonly name: string
  readonly code: string
  readonly type: string
  readonly message: string
  readonly retriable: boolean | undefined
  readonly failure: Partial<Failure> | undefined
}

const OTHER = '_OTHER'
const REQUEST_ID = /\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]/i
const MAX_LINKS = 20

/**
 * Names a failure: the class of the catalogue that any link of its chain of causes belongs to, else Kafka's own
 * name for it, else `_OTHER`. It reads `cause`, `original` and `errors`, and never throws, whatever it is given.
 *
 * @param phase what was being done; without it, classes that need to know are tried as if talking to a broker
 */
export function classifyFailure(error: unknown, phase: Phase = 'broker'): ClassifiedFailure {
  const links = linksOf(error)
  const requestId = links.map((link) => REQUEST_ID.exec(link.message)?.[1]).find((id) => id !== undefined)
  const named = links.find((link) => typeof link.failure?.code === 'string')
  if (named?.failure?.code) {
    const { code, hint } = named.failure
    const row = failureClass(code)
    // kafkajs's `retriable` on an error that it has wrapped is about its own attempts, not about the failure.
    const own = links.find(({ error, failure }) => error instanceof KafkaIamError && failure?.code === code)
    return result(code, row, {
      hint,
      requestId: named.failure.requestId ?? requestId,
      retriable: own?.retriable ?? (row ? undefined : named.retriable),
    })
  }
  const row = catalogue.find((candidate) =>
    candidate.patterns.some((p) => links.some((link) => matches(p, link, phase))),
  )
  if (row) return result(row.code, row, { requestId })
  const protocol = links.find((link) => /^[A-Z][A-Z0-9_]+$/.test(link.type))
  if (protocol) return result(protocol.type, undefined, { requestId, retriable: protocol.retriable })
  const last = links.at(-1)
  return result(OTHER, undefined, {
    requestId,
    retriable: links.find((link) => link.retriable !== undefined)?.retriable,
    title: last && forTelemetry(last.message),
  })
}

function result(
  code: string,
  row: FailureClass | undefined,
  over: { hint?: string; requestId?: string; retriable?: boolean; title?: string } | Record<string, unknown>,
): ClassifiedFailure {
  const { hint, requestId, retriable, title } = over as {
    hint?: string
    requestId?: string
    retriable?: boolean
    title?: string
  }
  return {
    code,
    title: row?.title ?? (title || `Kafka answered ${code}`),
    hint:
      hint ??
      row?.hint ??
      'This failure has no entry of its own; the message of the error says what is known.',
    retriable: row && retriable === undefined ? row.retriable : (retriable ?? false),
    refusesToken: row?.refusesToken ?? false,
    docs: `docs/failures.md#${code.toLowerCase()}`,
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function matches(pattern: Pattern, link: Link, phase: Phase): boolean {
  if (pattern.phase && pattern.phase !== phase) return false
  if (pattern.name !== undefined && pattern.name !== link.name) return false
  if (pattern.type !== undefined && pattern.type !== link.type) return false
  if (pattern.message && !pattern.message.test(link.message)) return false
  if (pattern.code instanceof RegExp) return pattern.code.test(link.code)
  return pattern.code === undefined || pattern.code === link.code
}

/** The links of the chain, outermost first. A chain that bites its tail, or a getter that throws, ends it quietly. */
function linksOf(error: unknown): Link[] {
  const links: Link[] = []
  const seen = new Set<unknown>()
  const queue: unknown[] = [error]
  while (queue.length > 0 && links.length < MAX_LINKS) {
    const next = queue.shift()
    if (next === undefined || next === null || seen.has(next)) continue
    seen.add(next)
    if (typeof next !== 'object' && typeof next !== 'function') {
      links.push({
        error: {},
        name: '',
        code: '',
        type: '',
        message: String(next),
        retriable: undefined,
        failure: undefined,
      })
      continue
    }
    links.push(readLink(next))
    const errors = read(next, 'errors')
    queue.push(read(next, 'cause'), read(next, 'original'), ...(Array.isArray(errors) ? errors : []))
  }
  return links
}

function readLink(error: object): Link {
  const status = read(read(error, '$metadata'), 'httpStatusCode')
  const code = read(error, 'code')
  const retriable = read(error, 'retriable')
  const failure = read(error, 'failure')
  return {
    error,
    name: text(read(error, 'name')),
    code: code === undefined && typeof status === 'number' ? `status ${status}` : text(code),
    type: text(read(error, 'type')),
    message: text(read(error, 'message')),
    retriable: typeof retriable === 'boolean' ? retriable : undefined,
    failure: typeof failure === 'object' && failure !== null ? (failure as Partial<Failure>) : undefined,
  }
}

function read(target: unknown, key: string): unknown {
  if (typeof target !== 'object' && typeof target !== 'function') return undefined
  try {
    return (target as Record<string, unknown> | null)?.[key]
  } catch {
    return undefined
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/**
 * Puts code and hint beside an error that is not ours, as `failure`, so that whoever catches it can read them.
 * An error that cannot be written to stays as it is.
 */
export function annotate(
  error: unknown,
  { code, hint, requestId, retriable }: ClassifiedFailure,
  setRetriable = false,
): void {
  if (typeof error !== 'object' || error === null) return
  const failure: Failure = { code, hint, ...(requestId === undefined ? {} : { requestId }) }
  try {
    Object.assign(error, { failure }, setRetriable ? { retriable } : {})
  } catch {
    // Frozen, or a setter that throws: it is told by the telemetry alone.
  }
}
