import type { Attributes, AttributeValue } from '@opentelemetry/api'
import { forTelemetry } from '../base/foreign-text.ts'

/** What Kafka lets be a topic, and what hosts and ports look like. */
const NAME = /^[\w.:-]{0,249}$/
/** A key id, or letters of both cases and digits that no `.`, `_` or `-` interrupts: no name that somebody has thought of. */
const SECRET = /A[KS]IA[A-Z0-9]{12}|[A-Za-z0-9]{32}/
/** `AKIA` and twelve more characters. */
const SHORTEST_KEY = 16
/** Longer than any title with its hint. */
const LONGEST = 2_000
/** So many texts are kept, of at most so many characters: names come again and again, and each is looked at once. */
const KEPT = { texts: 1_000, length: 300 }

const kept = new Map<string, string>()

/**
 * A name (of a topic, a host, a group, a client, a provider) or another text, as a span, a label or a log record may
 * have it. Names that are allowed stay as they are, also where they look like nothing.
 */
export function shown(text: string): string {
  // Too short for a key: a partition with its offset, which is another one each time.
  if (text.length < SHORTEST_KEY && NAME.test(text)) return text
  const known = kept.get(text)
  if (known !== undefined) return known
  const result = NAME.test(text) && !SECRET.test(text) ? text : forTelemetry(text, LONGEST)
  if (text.length > KEPT.length) return result
  if (kept.size >= KEPT.texts) kept.clear()
  kept.set(text, result)
  return result
}

/** Attributes that are shown again and again are looked at once. */
const looked = new WeakSet<Attributes>()

/** As they may be shown, frozen, and not looked at again by `shownAttributes`. */
export function shownOnce(attributes: Attributes): Attributes {
  const result = Object.freeze(shownAttributes(attributes))
  looked.add(result)
  return result
}

/** The same object where there is nothing to change: the SDK keeps attributes by reference. */
export function shownAttributes<T extends Attributes>(attributes: T): T {
  if (looked.has(attributes)) return attributes
  let result: Record<string, AttributeValue | undefined> | undefined
  for (const key in attributes) {
    const value = attributes[key]
    const other = shownValue(value)
    if (other === value) continue
    result ??= { ...attributes }
    result[key] = other
  }
  return result === undefined ? attributes : (Object.freeze(result) as T)
}

function shownValue(value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value === 'string') return shown(value)
  if (!Array.isArray(value) || value.every((item) => typeof item !== 'string' || shown(item) === item))
    return value
  return value.map((item) => (typeof item === 'string' ? shown(item) : item)) as string[]
}
