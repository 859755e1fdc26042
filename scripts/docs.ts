/**
 * Writes what the docs take from the code: the runbook in docs/failures.md (scripts/runbook) and the table of codes in
 * README.md, each between a pair of markers. The rest of those pages is written by hand.
 *   node scripts/docs.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { areas, rowsOf, runbook } from './runbook/page.ts'
import { anchor } from './runbook/render.ts'

/** The table of README.md. */
export function failureTable(): string {
  const rows = areas
    .flatMap(([area]) => rowsOf(area))
    .map(
      ({ code, title, hint }) =>
        `| [\`${code}\`](docs/failures.md#${anchor(code)}) | ${cell(title)} | ${cell(beginning(hint))} |`,
    )
  return ['| Code | What happened | First cure |', '|---|---|---|', ...rows].join('\n')
}

const ENOUGH = 80
/** As many sentences from the beginning as it takes to say something. */
const beginning = (text: string) =>
  text
    .split(/(?<=[.!?])\s+/)
    .reduce((said, next) => (said.length < ENOUGH ? `${said} ${next}`.trim() : said), '')
const cell = (text: string) => text.replaceAll('|', '\\|')

const pages: readonly { file: string; part: string; text: () => string }[] = [
  { file: 'docs/failures.md', part: 'failures', text: runbook },
  { file: 'README.md', part: 'failures', text: failureTable },
]

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url))

/** Every page with a generated part: as it is, and as it should be. */
export function generatedPages(): { file: string; actual: string; expected: string }[] {
  return pages.map(({ file, part, text }) => {
    const actual = readFileSync(pathOf(file), 'utf8')
    const begin = `<!-- ${part}: made by scripts/docs.ts -->`
    const end = `<!-- ${part}: end -->`
    const from = actual.indexOf(begin)
    const to = actual.indexOf(end)
    if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${begin} and ${end}`)
    const expected = `${actual.slice(0, from)}${begin}\n\n${text()}\n\n${actual.slice(to)}`
    return { file, actual, expected }
  })
}

if (import.meta.main) {
  for (const { file, actual, expected } of generatedPages()) {
    if (actual !== expected) writeFileSync(pathOf(file), expected)
    console.log(`${file}: ${actual === expected ? 'is current' : 'written'}`)
  }
}
