import { type Context, propagation, ROOT_CONTEXT, type TextMapGetter } from '@opentelemetry/api'
import { contextFrom } from './contexts.ts'
import { guarded, reportOnce, unawaited } from './guard.ts'

/** Twice what the conventions of baggage allow: more would make a message too large for the broker. */
const MAX_LENGTH = 16_384

/**
 * What the propagator writes for a context, undefined where that is nothing. Only text is taken, and no more than a
 * message has room for: whatever else it writes would make a Kafka client or a broker refuse the message.
 */
export function injected(within: Context): Record<string, string> | undefined {
  const carrier: Record<string, unknown> = {}
  try {
    unawaited(propagation.inject(within, carrier))
  } catch (problem) {
    reportOnce('Propagator.inject', problem)
  }
  let taken: Record<string, string> | undefined
  let length = 0
  for (const name of Object.keys(carrier)) {
    const text = textOf(carrier, name)
    if (text === undefined) continue
    const all = length + name.length + text.length
    if (all > MAX_LENGTH) {
      reportOnce('Propagator.inject', `it wrote more than ${MAX_LENGTH} characters`)
      continue
    }
    length = all
    taken ??= {}
    taken[name] = text
  }
  return taken
}

function textOf(carrier: Readonly<Record<string, unknown>>, name: string): string | undefined {
  try {
    const value = carrier[name]
    if (typeof value === 'string') return value
    unawaited(value)
    reportOnce('Propagator.inject', 'it wrote something that is no text')
  } catch (problem) {
    reportOnce('Propagator.inject', problem)
  }
  return undefined
}

/**
 * Texts beside headers that the caller has set under these names. What is a field of the propagator takes the place of
 * the caller's; any other name is the caller's own, whatever a propagator writes there.
 */
export function withoutNames(
  texts: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  const fields = guarded('Propagator.fields', fieldsOfPropagator, new Set())
  const callers = new Set(names.map((name) => name.toLowerCase()))
  return Object.fromEntries(
    Object.entries(texts).filter(([name]) => fields.has(name) || !callers.has(name.toLowerCase())),
  )
}

function fieldsOfPropagator(): ReadonlySet<unknown> {
  const fields = propagation.fields()
  unawaited(fields)
  return new Set(fields)
}

/** Whether the propagator reads headers at all: without an SDK it does not, and the messages are not read either. */
export function extracts(): boolean {
  asked = false
  contextFrom('Propagator.extract', extractNothing, ROOT_CONTEXT)
  return asked
}

let asked = false
const NOTHING = Object.freeze({})
const extractNothing = () => propagation.extract(ROOT_CONTEXT, NOTHING, askedOfNothing)

const askedOfNothing: TextMapGetter<object> = {
  keys: () => {
    asked = true
    return []
  },
  get: () => {
    asked = true
    return undefined
  },
}

/** What the propagator reads from headers: a span's context, baggage. The headers themselves it does not get to see. */
export const extracted = <H>(headers: H, getter: TextMapGetter<H>): Context =>
  contextFrom(
    'Propagator.extract',
    () => propagation.extract(ROOT_CONTEXT, new Carrier(headers, getter), throughCarrier),
    ROOT_CONTEXT,
  )

/** So that a propagator can read headers and not write them. */
class Carrier<H> {
  readonly #headers: H
  readonly #getter: TextMapGetter<H>

  constructor(headers: H, getter: TextMapGetter<H>) {
    this.#headers = headers
    this.#getter = getter
  }

  keys(): string[] {
    return this.#getter.keys(this.#headers)
  }

  get(key: string): string | string[] | undefined {
    return this.#getter.get(this.#headers, key)
  }
}

const throughCarrier: TextMapGetter<Carrier<unknown>> = {
  keys: (carrier) => carrier.keys(),
  get: (carrier, key) => carrier.get(key),
}

/** `within` with the baggage of another context beside its own, before which the other's entries go. */
export const withBaggageOf = (other: Context, within: Context): Context =>
  contextFrom(
    'merging baggage',
    () => {
      const theirs = propagation.getBaggage(other)
      unawaited(theirs)
      if (!theirs) return within
      const ours = propagation.getBaggage(within) ?? propagation.createBaggage()
      unawaited(ours)
      const merged = theirs.getAllEntries().reduce((all, [key, entry]) => all.setEntry(key, entry), ours)
      return propagation.setBaggage(within, merged)
    },
    within,
  )
