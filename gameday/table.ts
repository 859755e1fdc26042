/** The outcome, to be read in a terminal and in docs/game-day.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Outcome } from './fault.ts'

const heads = [
  'fault',
  'alert',
  'time to alert',
  'publishes lost',
  'code in trace',
  'token life left',
  'time to resolve',
  'also fired',
]

export function markdownTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(cells)
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function textTable(outcomes: readonly Outcome[]): string {
  const rows = [heads, ...outcomes.map(cells)].map((row) => row.map((cell) => cell.replaceAll('`', '')))
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells(outcome: Outcome): string[] {
  const { fault, secondsToAlert, lost, published = 0, tokenSeconds, secondsToResolve, others } = outcome
  const orders = fault.service.program?.endsWith('worker.ts') || lost === undefined
  return [
    fault.what,
    fault.alert,
    secondsToAlert === undefined ? 'none' : duration(secondsToAlert),
    orders ? '–' : `${lost} of ${lost + published}`,
    codeInTrace(outcome),
    tokenSeconds === undefined ? '–' : `${Math.round(tokenSeconds)} s`,
    secondsToResolve === undefined ? '–' : duration(secondsToResolve),
    others.map((name) => name.replace(/^MskIam/, '')).join(', ') || '–',
  ]
}

/** It is looked for when the alert fires: without an alert nobody knows. */
function codeInTrace({ fault: { code }, codeInTrace: found }: Outcome): string {
  if (code === undefined || found === undefined) return '–'
  return found ? `\`${code}\`` : `no \`${code}\``
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Puts it between the markers of a page. */
export function writeBetweenMarkers(file: string, text: string): void {
  const page = readFileSync(file, 'utf8')
  const parts = /^(.*<!-- game day: begin -->\n).*(<!-- game day: end -->.*)$/s.exec(page)
  if (!parts)
    throw new Error(`${file} has no markers "<!-- game day: begin -->" and "<!-- game day: end -->".`)
  writeFileSync(file, `${parts[1]}\n${text}\n\n${parts[2]}`)
}
