/**
 * A game day on the running stack: each fault of gameday/faults.ts strikes a service of its own, and must raise its alert.
 *   npm run gameday [-- --short | --only NAME,… | --write]
 */
import { parseArgs } from 'node:util'
import { clearFault } from '../scripts/fault.ts'
import { watchAlerts } from './alert-watch.ts'
import { checkRules, checkStack, reloadPrometheus } from './check-stack.ts'
import { admit, checkNobodyElse, dismissAll } from './cluster.ts'
import type { Fault } from './fault.ts'
import { faults, notRun } from './faults.ts'
import { type Day, fullDay } from './full-day.ts'
import { isShort, shortDay, shortFaults, withShortRules } from './short-day.ts'
import { buildStage, principalOf } from './stage.ts'
import { markdownTable, textTable, writeBetweenMarkers } from './table.ts'

const page = new URL('../docs/game-day.md', import.meta.url).pathname
const usage = `usage: npm run gameday [-- --short | --only NAME,… | --write | --help]
  --short   two faults in a minute and a half, with the same rules and shorter times
  --only    these faults alone: ${faults.map(({ name }) => name).join(', ')}
  --write   all faults, and puts the table into docs/game-day.md`

interface Choice {
  readonly faults: readonly Fault[]
  readonly short: boolean
  /** Only those that were named. */
  readonly some: boolean
  readonly write: boolean
}

async function main(signal: AbortSignal): Promise<number> {
  const choice = chosen(process.argv.slice(2))
  if (!choice) {
    console.log(usage)
    return 0
  }
  await checkStack()
  checkNobodyElse()
  const day = await gameDay(choice, signal)
  console.log(`\n${textTable(day.outcomes)}\n\n${day.remarks.join('\n')}`)
  if (choice.write) writeBetweenMarkers(page, markdown(day))
  for (const problem of day.problems) console.error(`PROBLEM: ${problem}`)
  return day.problems.length === 0 ? 0 : 1
}

/** Whatever happens, it leaves the stack as it was. */
async function gameDay({ faults: chosenFaults, short, some }: Choice, signal: AbortSignal): Promise<Day> {
  await using cleanUp = new AsyncDisposableStack()
  const stop = new AbortController()
  cleanUp.defer(() => stop.abort())
  const together = AbortSignal.any([signal, stop.signal])
  // Those of this checkout as they are now.
  if (short) await withShortRules(cleanUp)
  else await reloadPrometheus()
  await checkRules(
    chosenFaults.map(({ alert }) => alert),
    (labels) => isShort(labels) === short,
  )
  cleanUp.defer(dismissAll)
  cleanUp.defer(() => {
    for (const { name } of chosenFaults) clearFault({ principal: principalOf(name) })
  })
  // After a principal-change a service is somebody else, with the same rights.
  const names = [...chosenFaults.map(({ name }) => name), 'healthy', 'healthy-worker'].map(principalOf)
  await admit([...names, `${principalOf('principal-change')}-changed`])
  const alerts = watchAlerts((labels) => isShort(labels) === short, together)
  const stage = buildStage({ alerts, signal: together, exportSeconds: short ? 1 : 60, cleanUp })
  // Awaited here: the clean-up comes after it.
  return short
    ? await shortDay(chosenFaults, stage)
    : await fullDay(chosenFaults, some ? { minutes: 0, refreshes: 1 } : { minutes: 30, refreshes: 3 }, stage)
}

function chosen(argv: string[]): Choice | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      short: { type: 'boolean' },
      only: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { short = false, only, write = false, help } = values
  if (help) return undefined
  if (short && only !== undefined) throw new Error(`--short has its own faults.\n${usage}`)
  if (write && (short || only !== undefined)) throw new Error(`--write is for a whole game day.\n${usage}`)
  const names = only?.split(',')
  const unknown = names?.filter((name) => !faults.some((fault) => fault.name === name)) ?? []
  if (unknown.length > 0) throw new Error(`There is no fault ${unknown.join(', ')}.\n${usage}`)
  const all = short ? shortFaults : faults
  return {
    short,
    write,
    some: names !== undefined,
    faults: all.filter(({ name }) => names?.includes(name) ?? true),
  }
}

function markdown({ outcomes, remarks }: Day): string {
  const left = Object.entries(notRun).map(([alert, why]) => `- \`${alert}\`: ${why}.`)
  return [markdownTable(outcomes), ...remarks, ['Not run:', '', ...left].join('\n')].join('\n\n')
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    console.error('\nStopping: clearing what was made. Once more ends it at once.')
    interrupted.abort(new Error('stopped'))
  })
}
try {
  process.exitCode = await main(interrupted.signal)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = interrupted.signal.aborted ? 130 : 1
}
