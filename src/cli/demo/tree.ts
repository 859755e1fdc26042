import wrapAnsi from 'wrap-ansi'
import { Attribute } from '../../telemetry/names.ts'
import type { Paint } from './paint.ts'
import type { SeenSpan, SeenTrace } from './trace.ts'

/** The attributes that are shown, by the short names they are shown with. */
const SHOWN: Readonly<Record<string, string>> = {
  [Attribute.ErrorType]: 'error.type',
  [Attribute.RefreshTrigger]: 'trigger',
  [Attribute.SignerAttempts]: 'attempts',
  [Attribute.AuthenticationKind]: 'kind',
  [Attribute.TokenResult]: 'token.result',
  [Attribute.TokenAge]: 'token.age',
  [Attribute.TokenLifetime]: 'token.lifetime',
}

/** Said once, under the tree. */
const FOOTERS = [
  ['hint', Attribute.FailureHint],
  ['request id', Attribute.BrokerRequestId],
] as const

const NAME_WIDTH = 31
const DURATION_WIDTH = 9

/** A trace as lines: names and guides, duration, attributes; then the hint, once. */
export function treeLines({ spans }: SeenTrace, width: number, paint: Paint): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const childrenOf = (id: string | undefined) =>
    spans.filter(({ parentSpanId }) =>
      id === undefined ? parentSpanId === undefined || !known.has(parentSpanId) : parentSpanId === id,
    )
  const lines: string[] = []
  const draw = (span: SeenSpan, ownGuide: string, guide: string) => {
    const children = childrenOf(span.spanId)
    lines.push(...spanLines(span, ownGuide, guide + (children.length > 0 ? '│' : ''), width, paint))
    children.forEach((child, index) => {
      const last = index === children.length - 1
      draw(child, `${guide}${last ? '└─ ' : '├─ '}`, `${guide}${last ? '   ' : '│  '}`)
    })
  }
  for (const root of childrenOf(undefined)) draw(root, '', '')
  for (const [label, name] of FOOTERS) {
    const text = spans.map(({ attributes }) => attributes[name]).find((value) => typeof value === 'string')
    if (text) lines.push(...hanging(`${label}: `, String(text), width).map(paint.hint))
  }
  return lines
}

function spanLines(span: SeenSpan, ownGuide: string, guide: string, width: number, paint: Paint): string[] {
  const left = NAME_WIDTH + DURATION_WIDTH + 2
  const name = `${ownGuide}${span.name}`.padEnd(NAME_WIDTH)
  const duration = milliseconds(span.durationMs).padStart(DURATION_WIDTH)
  const [details = '', ...more] = wrap(detailsOf(span), width - left)
  const failed = span.attributes[Attribute.ErrorType] !== undefined
  const shade = (text: string) => (failed ? paint.error(text) : paint.detail(text))
  return [
    `${failed ? paint.error(name) : name}${duration}  ${shade(details)}`.trimEnd(),
    ...more.map((line) => `${guide.padEnd(left)}${shade(line)}`),
  ]
}

function detailsOf({ attributes, links }: SeenSpan): string {
  const shown = Object.entries(SHOWN).map(([name, short]) => [short, text(name, attributes[name])] as const)
  return [
    ...shown.flatMap(([short, value]) => (value === undefined ? [] : [`${short}=${value}`])),
    ...links.map(({ name }) => `link=${name ?? 'another trace'}`),
  ].join(' ')
}

function text(name: string, value: unknown): string | undefined {
  if (typeof value !== 'number') return value === undefined ? undefined : String(value)
  // One attempt is nothing to tell, nor is a token that was made just now.
  if (name === Attribute.SignerAttempts) return value > 1 ? String(value) : undefined
  return value < 0.5 ? undefined : `${value.toFixed(1)}s`
}

export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(1)} ms`
}

export const wrap = (text: string, columns: number): string[] =>
  wrapAnsi(text, columns, { trim: true }).split('\n')

/** Wrapped, with the following lines under the first one's text. */
export function hanging(label: string, text: string, columns: number): string[] {
  const lines = wrap(text, columns - label.length)
  return lines.map((line, index) => (index === 0 ? label : ' '.repeat(label.length)) + line)
}
