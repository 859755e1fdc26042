/** What the tables of docs/telemetry.md promise. */
import { readFileSync } from 'node:fs'

export interface Documented {
  readonly name: string
  readonly kinds: string
  readonly attributes: ReadonlySet<string>
}

const page = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8')

const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

const cellsOf = (title: string): string[][] =>
  section(title)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))

/** Only names of attributes: a cell can name an option too. */
const attributesIn = (cell: string): string[] =>
  [...cell.matchAll(/`([a-z_]+(?:\.[a-z_]+)+)`/g)].map(([, name = '']) => name)

/** Rows of one name are told together; `the same` is what the row before has. */
function table(title: string, kind: number): Documented[] {
  const rows = new Map<string, Documented>()
  let above: string[] = []
  for (const cells of cellsOf(title)) {
    const name = (cells[0] ?? '').replaceAll('`', '').trim()
    const cell = cells.at(-1) ?? ''
    above = [...(/\bthe same\b/.test(cell) ? above : []), ...attributesIn(cell)]
    const known = rows.get(name)
    rows.set(name, {
      name,
      kinds: `${known?.kinds ?? ''} ${cells[kind]}`,
      attributes: new Set([...(known?.attributes ?? []), ...above]),
    })
  }
  return [...rows.values()]
}

export const documentedSpans = (): Documented[] => table('Spans', 1)
export const documentedMetrics = (): Documented[] => table('Metrics', 1)
