import type { RunRecord, StepRecord } from './record.ts'

/** One place at which two runs of a program are not alike. */
export interface Difference {
  /** Of the record, such as `steps call client.send outcome rejected message`. */
  readonly path: readonly string[]
  /** undefined where there is none. */
  readonly bare: unknown
  readonly other: unknown
}

/** What is the same at each run: all of it; where calls run at the same time, no offsets; with real brokers, no counts. */
export type Order = 'of calls' | 'of parallel calls' | 'of a real broker'

export function differences(bare: RunRecord, other: RunRecord, order: Order): Difference[] {
  return [...walk(comparable(bare, order), comparable(other, order), [])]
}

function comparable(given: RunRecord, order: Order): object {
  const record = order === 'of calls' ? given : withoutOffsets(given)
  const steps = named(record.steps)
  const logs = unordered(record.logs)
  if (order === 'of calls') return { ...record, steps, logs }
  const callbacks = unordered(record.callbacks, withoutOurs)
  const [uncaught, unsupported] = [unordered(record.uncaught), unordered(record.unsupported)]
  if (order === 'of a real broker') {
    const events = each(record.events, kindsOfEvents)
    return { ...record, steps, callbacks, uncaught, events, logs: kindsOfLogs(logs), open: null }
  }
  const events = each(record.events, (list) => unordered(list))
  const stored = each(record.stored, (list) => unordered(list, withoutOurs))
  const authentications = unordered(record.authentications)
  return { ...record, steps, callbacks, uncaught, unsupported, events, logs, stored, authentications }
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'undefined'

const unordered = (list: readonly unknown[], by = text): readonly unknown[] =>
  [...list].sort((one, other) => (by(one) < by(other) ? -1 : 1))

/** How often a consumer fetches, and when it beats, is a matter of time. */
const kindsOfEvents = (events: readonly unknown[]): readonly string[] =>
  distinct(events, (event) => {
    const { type, payload } = event as { type: string; payload?: { apiName?: string } }
    return /heartbeat|queue_size|fetch|batch_process/.test(type)
      ? undefined
      : `${type} ${payload?.apiName ?? ''}`
  })

const kindsOfLogs = (logs: readonly unknown[]): readonly string[] =>
  distinct(logs, (log) => {
    const { namespace, label, message } = log as Record<string, string>
    return `${label} ${namespace}: ${message}`
  })

const distinct = (list: readonly unknown[], name: (item: unknown) => string | undefined): readonly string[] =>
  [...new Set(list.map(name).filter((one) => one !== undefined))].sort()

const OURS = /^(traceparent|tracestate|baggage|own|<class>)$/i

/** For the order only: a message with our header stands where the one without it does. */
const withoutOurs = (item: unknown): string =>
  JSON.stringify(item, (key, value: unknown) => {
    if (OURS.test(key)) return undefined
    // As they are stored, one text for each; of a message in a callback there may be none at all.
    if (key === 'headers') return theirs(value)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
  })

const theirs = (headers: unknown): readonly string[] | undefined => {
  const stored = Array.isArray(headers) && headers.every((header) => /: /.test(String(header)))
  const own = stored ? headers.map(String).filter((header) => !OURS.test(header.split(':')[0] ?? '')) : []
  return own.length === 0 ? undefined : own
}

const each = (
  lists: Readonly<Record<string, readonly unknown[]>>,
  change: (list: readonly unknown[]) => unknown,
) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, change(list)]))

/** Calls at the same time are stored in any order, and markers of transactions come when they come. */
const withoutOffsets = (record: RunRecord): RunRecord =>
  JSON.parse(text(record), (key, value: unknown) => (/^(base|first)?offset$/i.test(key) ? 'any' : value))

/** By their names, so that a path says what was called. */
const named = (steps: readonly StepRecord[]): object =>
  Object.fromEntries(
    steps.map(({ step, inner, ...others }, index) => [
      `${index} ${step}`,
      inner ? { ...others, inner: named(inner) } : others,
    ]),
  )

function* walk(bare: unknown, other: unknown, path: readonly string[]): Iterable<Difference> {
  if (bare === other) return
  if (Array.isArray(bare) && Array.isArray(other)) {
    yield* walkLists(bare, other, path)
  } else if (isObject(bare) && isObject(other)) {
    for (const key of new Set([...Object.keys(bare), ...Object.keys(other)])) {
      yield* walk(own(bare, key), own(other, key), [...path, key])
    }
  } else if (text(bare) !== text(other)) {
    yield { path, bare, other }
  }
}

/** Of lists of one length the pairs are compared; of others, what only one of them has. */
function* walkLists(
  bare: readonly unknown[],
  other: readonly unknown[],
  path: readonly string[],
): Iterable<Difference> {
  const [inBare, inOther] = [counted(bare), counted(other)]
  const alike = bare.length === other.length
  const onlyBare = alike ? bare : bare.filter((item) => !taken(inOther, item))
  const onlyOther = alike ? other : other.filter((item) => !taken(inBare, item))
  const length = Math.max(onlyBare.length, onlyOther.length)
  for (let at = 0; at < length; at += 1) yield* walk(onlyBare[at], onlyOther[at], [...path, String(at)])
}

function counted(list: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of list) counts.set(text(item), (counts.get(text(item)) ?? 0) + 1)
  return counts
}

function taken(counts: Map<string, number>, item: unknown): boolean {
  const count = counts.get(text(item)) ?? 0
  if (count > 0) counts.set(text(item), count - 1)
  return count > 0
}

/** A header may be called `constructor`. */
const own = (of: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(of, key) ? of[key] : undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
