/**
 * What the package costs on any machine, held against bench/budget.json: bytes allocated, modules loaded, size.
 *   node bench/budget.ts           compares; about a minute
 *   node bench/budget.ts --write   measures, and writes bench/budget.json
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { count, table } from './cost/words.ts'
import { ENTRIES, type Entry, loadedBy, packageSize } from './speed/entries.ts'
import { prepare, ROOT } from './speed/places.ts'
import { ask, launched } from './speed/processes.ts'
import type { Contender, TaskName } from './speed/tasks.ts'

interface Line {
  readonly value: number
  /** How far it may be from this, up or down: also what has become less has to be written down. */
  readonly tolerance: number
}

interface Budget {
  /** What is allocated depends on it. */
  readonly node: string
  readonly lines: Readonly<Record<string, Line>>
}

const FILE = new URL('budget.json', import.meta.url)
const EXACT = 0
const NEAR = 0.05
/** kafkajs itself allocates so much more or less from one run to the next, and a difference of two runs has it twice. */
const NOISE_BYTES = 500
const LOOKS = 5

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
prepare([ROOT])
const measured: Budget = { node: process.versions.node, lines: await measure() }
if (values.write) writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`)
else compare(JSON.parse(readFileSync(FILE, 'utf8')), measured)

async function measure(): Promise<Budget['lines']> {
  const lines: Record<string, Line> = {}
  for (const sdk of [true, false]) {
    const kind = sdk ? 'with an SDK' : 'without an SDK'
    const { ours: hit = Number.NaN } = await bytesOf('hit', sdk, ['ours'])
    lines[`bytes of a token hit, ${kind}`] = { value: Math.round(hit), tolerance: EXACT }
    const { ours = Number.NaN, bare = Number.NaN } = await bytesOf('send', sdk, ['ours', 'bare'])
    lines[`bytes of a send over bare kafkajs, ${kind}`] = { value: Math.round(ours - bare), tolerance: NEAR }
  }
  for (const entry of Object.keys(ENTRIES) as Entry[]) {
    const { modules } = loadedBy(ROOT, entry)
    lines[`modules loaded by \`${entry}\``] = { value: modules, tolerance: EXACT }
  }
  lines['bytes of the package, unpacked'] = { value: packageSize(ROOT).unpacked, tolerance: NEAR }
  return lines
}

/** Allocated by each for one time: the median of several looks. */
async function bytesOf(
  task: TaskName,
  sdk: boolean,
  whos: readonly ('ours' | 'bare')[],
): Promise<Partial<Record<string, number>>> {
  const contender = (who: 'ours' | 'bare'): Contender => ({ who, task, sdk, headers: false, folder: ROOT })
  const running = await launched(new Map(whos.map((who) => [who, contender(who)])))
  const found: Record<string, number> = {}
  for (const [who, child] of running) {
    const looks: number[] = []
    while (looks.length < LOOKS) looks.push((await ask<number | null>(child, 'heap')) ?? Number.NaN)
    found[who] = looks.sort((a, b) => a - b)[Math.floor(LOOKS / 2)] ?? Number.NaN
    child.kill()
  }
  return found
}

function compare(budget: Budget, { node, lines }: Budget): void {
  const names = [...new Set([...Object.keys(budget.lines), ...Object.keys(lines)])]
  const rows = names.map((name) => {
    const { value = Number.NaN, tolerance = EXACT } = budget.lines[name] ?? {}
    const now = lines[name]?.value ?? Number.NaN
    const met = Math.abs(now - value) <= (tolerance === EXACT ? 0 : Math.max(tolerance * value, NOISE_BYTES))
    return {
      met,
      cells: [name, count(value), `± ${100 * tolerance} %`, count(now), met ? 'met' : '**not met**'],
    }
  })
  console.log(
    table(
      ['what', 'budget', '', 'now', ''],
      rows.map(({ cells }) => cells),
    ),
  )
  if (rows.every(({ met }) => met)) return
  if (node !== budget.node) console.log(`The budget is of Node ${budget.node}, this is ${node}.`)
  console.log('If this is meant to be so: node bench/budget.ts --write, and say why in the commit.')
  process.exitCode = 1
}
