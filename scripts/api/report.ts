/**
 * Writes api/*.api.md: everything that the compiler shows a user of each entry, so that a change of it shows in a diff.
 *   npm run api               says whether they are current
 *   npm run api -- --write    writes them
 *
 * @microsoft/api-extractor reads with a TypeScript 6 of its own, not with the one that compiles this. rolldown-plugin-dts
 * would do, but npm locks its native parser for one platform only. So this follows the names through the declarations that
 * tsc emits, with the parser of rolldown, which is here anyway.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Listed, surfaceOf } from './surface.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const entries = [
  { file: 'api/kafka-iam-otel.api.md', entry: 'kafka-iam-otel', declarations: 'index.d.ts' },
  { file: 'api/testing.api.md', entry: 'kafka-iam-otel/testing', declarations: 'testing/index.d.ts' },
]

/** Every report: as it is, and as it should be. */
export function apiReports(): { file: string; actual: string; expected: string }[] {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-iam-otel-api-'))
  try {
    emitDeclarations(folder)
    return entries.map(({ file, entry, declarations }) => ({
      file,
      actual: currentText(join(root, file)),
      expected: report(entry, join(folder, declarations)),
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Without comments: what a comment says is no part of what compiles. */
function emitDeclarations(folder: string): void {
  const options = ['--emitDeclarationOnly', '--removeComments', '--outDir', folder]
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...options],
    { cwd: root },
  )
}

function currentText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function report(entry: string, file: string): string {
  const { exported, others } = surfaceOf(file)
  const block = (listed: readonly Listed[]) => {
    const texts = listed.toSorted(byName).map(({ text }) => text)
    return ['```ts', texts.join('\n\n'), '```', '']
  }
  return [
    `# The public surface of \`${entry}\``,
    '',
    'Written by `npm run api -- --write`; do not edit.',
    '',
    '## Exported',
    '',
    ...block(exported),
    ...(others.length > 0 ? ['## Not exported, but part of what is', '', ...block(others)] : []),
  ].join('\n')
}

const inOrder = (a: string, b: string) => (a < b ? -1 : Number(a > b))
const byName = (a: Listed, b: Listed) => inOrder(a.name, b.name) || inOrder(a.text, b.text)

if (import.meta.main) {
  const write = process.argv.includes('--write')
  for (const { file, actual, expected } of apiReports()) {
    const current = actual === expected
    if (!current && write) writeFileSync(join(root, file), expected)
    if (!current && !write) process.exitCode = 1
    console.log(
      `${file}: ${current ? 'is current' : write ? 'written' : 'differs: run npm run api -- --write'}`,
    )
  }
}
