import { forTelemetry, withoutSecrets, wordsOf } from '../base/foreign-text.ts'
import { catalogue, failureClass, UNKNOWN_HINT } from './catalogue.ts'
import type { Failure } from './errors.ts'
import type { Pattern, Phase } from './failure-class.ts'
import { isKafkaErrorName, kafkaErrorName } from './kafka-errors.ts'
import { KAFKA_NAMES_ENTRY, runbookEntry } from './runbook.ts'

/** An error, read. */
export interface ClassifiedFailure extends Failure {
  /** What happened, in one sentence that is safe for telemetry. */
  readonly title: string
  readonly retriable: boolean
  /** The broker read the token and refused it. */
  readonly refusesToken: boolean
  /** The entry of the runbook to read. */
  readonly docs: string
}

/** What is read off one link of an error's chain. */
interface Link {
  readonly name: string
  readonly code: string
  readonly type: string
  readonly message: string
  readonly retriable: boolean | undefined
  readonly failure: Failure | undefined
  /** An error that this library made. */
  readonly ours: boolean
}

const OTHER = '_OTHER'
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const REQUEST_ID = new RegExp(`\\[(${UUID})\\]`, 'i')
const WHOLE_ID = new RegExp(`^${UUID}$`, 'i')
/** What kafkajs says of a code that it does not know. */
const UNKNOWN_TO_KAFKAJS = /^Unknown error code (\d{1,3})$/
const OUR_ERRORS = /^(KafkaIam|KafkaPublish|MskIam\w+)Error$/
const MAX_LINKS = 20
/** No more of a text is read: patterns and the texts of others are not to be trusted with each other. */
const MAX_TEXT = 4_096

/**
 * Names a failure: the class of the catalogue that any link of its chain of causes belongs to, else Kafka's own
 * name for it, else `_OTHER`. It reads `cause`, `original` and `errors`, and never throws, whatever it is given.
 *
 * @param phase what was being done; without it, classes that need to know are tried as if talking to a broker
 *
 * @example
 * ```ts
 * await producer.connect().catch((error) => {
 *   const { code, hint, retriable } = classifyFailure(error)
 *   console.error(`${code}: ${hint}`, { retriable })
 * })
 * ```
 */
export function classifyFailure(error: unknown, phase: Phase = 'broker'): ClassifiedFailure {
  const links = linksOf(error)
  const requestId = first(links, (link) => REQUEST_ID.exec(link.message)?.[1])
  // Where it was named before, deeper in the stack, that name stays.
  const named = links.find((link) => link.failure)
  if (named?.failure) {
    const { code } = named.failure
    // kafkajs's `retriable` on an error that it has wrapped is about its own attempts, not about the failure.
    const own = links.find((link) => link.ours && link.failure?.code === code)
    const retriable = own?.retriable ?? (failureClass(code) ? undefined : named.retriable)
    const title = code === OTHER ? unknownTitle(links, own ? 'token' : phase) : undefined
    return describe(code, { requestId, ...named.failure, retriable, title })
  }
  const row = catalogue.find(({ patterns }) =>
    patterns.some((p) => links.some((link) => matches(p, link, phase))),
  )
  if (row) return describe(row.code, { requestId })
  const protocol = phase === 'broker' ? links.find((link) => isKafkaErrorName(link.type)) : undefined
  if (protocol) return describe(protocol.type, { requestId, retriable: protocol.retriable })
  const said = first(links, (link) => link.retriable)
  return describe(OTHER, { requestId, retriable: said, title: unknownTitle(links, phase) })
}

/**
 * What a signer or AWS says is quoted, without secrets. What a client says of a send is not: it may quote a message. Its
 * error's name is enough to find it in the service's own log.
 */
function unknownTitle(links: readonly Link[], phase: Phase): string {
  const last = links.at(-1)
  if (phase === 'token') return forTelemetry(last?.message ?? '')
  return /^\w{1,80}$/.test(last?.name ?? '')
    ? forTelemetry(`Something unknown went wrong: ${last?.name}`)
    : ''
}

/** The first answer that a link gives. */
function first<T>(links: readonly Link[], read: (link: Link) => T | undefined): T | undefined {
  for (const link of links) {
    const answer = read(link)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** The catalogue's row, with what is known of this time put before it. */
function describe(
  code: string,
  known: { [K in 'hint' | 'requestId' | 'title']?: string | undefined } & { retriable?: boolean | undefined },
): ClassifiedFailure {
  const row = failureClass(code)
  return {
    code,
    title:
      row?.title ??
      (known.title || (code === OTHER ? 'Something unknown went wrong' : `Kafka answered ${code}`)),
    hint: known.hint ?? row?.hint ?? UNKNOWN_HINT,
    retriable: known.retriable ?? row?.retriable ?? false,
    refusesToken: row?.refusesToken ?? false,
    docs: row || code === OTHER ? runbookEntry(code) : KAFKA_NAMES_ENTRY,
    ...(known.requestId === undefined ? {} : { requestId: known.requestId }),
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
      links.push({ ...readLink({}), message: text(wordsOf(next)) })
      continue
    }
    links.push(readLink(next))
    queue.push(read(next, 'cause'), read(next, 'original'), ...listed(read(next, 'errors')))
  }
  return links
}

function readLink(error: object): Link {
  const status = read(read(error, '$metadata'), 'httpStatusCode')
  const code = read(error, 'code')
  const retriable = read(error, 'retriable')
  const message = text(read(error, 'message'))
  return {
    name: text(read(error, 'name')),
    code: code === undefined && typeof status === 'number' ? `status ${status}` : text(code),
    type: kafkaErrorName(Number(UNKNOWN_TO_KAFKAJS.exec(message)?.[1])) ?? text(read(error, 'type')),
    message,
    retriable: typeof retriable === 'boolean' ? retriable : undefined,
    failure: failureOf(error),
    ours: OUR_ERRORS.test(text(read(error, 'name'))),
  }
}

/** Ours only: a `failure` of somebody else's would bring codes of theirs. */
function failureOf(error: object): Failure | undefined {
  const failure = read(error, 'failure')
  const [code, hint, requestId] = ['code', 'hint', 'requestId'].map((key) => read(failure, key))
  if (typeof code !== 'string' || typeof hint !== 'string' || hint === '') return undefined
  if (!failureClass(code) && code !== OTHER && !isKafkaErrorName(code)) return undefined
  const id = typeof requestId === 'string' && WHOLE_ID.test(requestId) ? { requestId } : {}
  return { code, hint: withoutSecrets(hint), ...id }
}

/** The errors of an AggregateError. */
function listed(errors: unknown): unknown[] {
  try {
    return Array.isArray(errors) ? errors.slice(0, MAX_LINKS) : []
  } catch {
    return []
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
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : typeof value === 'number' ? String(value) : ''
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
  // A `failure` that is not ours is somebody's, and stays.
  const theirs = read(error, 'failure') !== undefined && failureOf(error) === undefined
  const failure: Failure = { code, hint, ...(requestId === undefined ? {} : { requestId }) }
  try {
    Object.assign(error, theirs ? {} : { failure }, setRetriable ? { retriable } : {})
  } catch {
    // Frozen, or a setter that throws: it is told by the telemetry alone.
  }
}
