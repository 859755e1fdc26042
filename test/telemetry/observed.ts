/** What the golden texts say was emitted: of spans and metrics, by name. */
import { Attribute, Span } from '../../src/telemetry/names.ts'
import { GROUPS } from '../truth/render.ts'
import { CONSTANT } from '../truth/series.ts'

export interface Seen {
  readonly name: string
  readonly kind?: string
  readonly attributes: ReadonlySet<string>
}

const SPAN = /^\s*(\S.*?) (INTERNAL|CLIENT|PRODUCER|CONSUMER)(?: ERROR "[^"]*")? \{([^}]*)\}(.*)$/gm
const METRIC = /^\s*((?:msk_iam|messaging)\.[a-z_.]+): (\{.*)$/gm
const OF_TOPICS: readonly string[] = [Span.Send, Span.Create, Span.Process, Span.Commit]

/** `send orders` and `send` are both `send {topic}`. */
const documentedName = (name: string): string => {
  const [operation = ''] = name.split(' ')
  return OF_TOPICS.includes(operation) ? `${operation} {topic}` : name
}

const keys = (pairs: string): string[] =>
  pairs
    .split(', ')
    .filter((pair) => pair !== '')
    .flatMap((pair) => GROUPS[pair] ?? [pair])
    .map((pair) => pair.split('=')[0] as string)

export function spansIn(golden: string): Seen[] {
  return [...golden.matchAll(SPAN)].map(([, name = '', kind = '', own = '', links = '']) => {
    const ofLinks = [...links.matchAll(/\{([^}]*)\}/g)].flatMap(([, pairs = '']) => keys(pairs))
    return { name: documentedName(name), kind, attributes: new Set([...keys(own), ...ofLinks]) }
  })
}

export function metricsIn(golden: string): Seen[] {
  return [...golden.matchAll(METRIC)].map(([, name = '', series = '']) => ({
    name,
    attributes: new Set([...series.matchAll(/\{([^}]*)\}/g)].flatMap(([, pairs = '']) => keys(pairs))),
  }))
}

/** They stand on every series, and are left out of the golden texts. */
export const ON_EVERY_SERIES: ReadonlySet<string> = new Set([...CONSTANT, Attribute.ProviderName])
