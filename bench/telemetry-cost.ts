/**
 * What the telemetry of one process costs: series, spans, bytes. docs/cost.md says what it means for many.
 *   node bench/telemetry-cost.ts              measures each profile for a minute, and prints the tables
 *   node bench/telemetry-cost.ts --write      the same, into bench/cost/measured.json and docs/cost.md
 *   node bench/telemetry-cost.ts --tables     makes the tables of docs/cost.md anew from bench/cost/measured.json
 *   node bench/telemetry-cost.ts --check      measures, and compares with bench/cost/measured.json
 *   node bench/telemetry-cost.ts --long 10    one producer for so many minutes: what was foretold, and what came
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { differences, foretold } from './cost/compare.ts'
import { measure } from './cost/measure.ts'
import { MEASUREMENTS, type Measurements, measurements, PAGE, withTables } from './cost/page.ts'
import { profileNames, profiles } from './cost/profiles.ts'
import { table } from './cost/words.ts'

/** So that an export of metrics, one in 60 s, is in it. */
const SECONDS = 60
/** So many processes at a time. */
const LANES = 5

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    long: { type: 'string' },
  },
})
const page = () => readFileSync(PAGE, 'utf8')
if (values.tables) writeFileSync(PAGE, withTables(page(), measurements()))
else if (values.long !== undefined) await long(Number(values.long))
else await all()

async function all(): Promise<void> {
  const measured = await measureAll()
  if (values.write) {
    writeFileSync(MEASUREMENTS, `${JSON.stringify(measured, null, 2)}\n`)
    writeFileSync(PAGE, withTables(page(), measured))
  } else if (values.check) {
    const found = differences(measurements(), measured)
    console.log(found.length === 0 ? 'docs/cost.md is right' : found.join('\n'))
    process.exitCode = found.length === 0 ? 0 : 1
  } else {
    console.log(
      withTables(page(), measured)
        .match(/<!-- cost: .*?<!-- \/cost -->/gs)
        ?.join('\n\n'),
    )
  }
}

async function measureAll(): Promise<Measurements> {
  const waiting = [...profileNames]
  const done: [string, unknown][] = []
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      done.push([name, await measure(profiles[name], { seconds: SECONDS })])
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const inOrder = profileNames.map((name) => done.find(([one]) => one === name))
  return { profiles: Object.fromEntries(inOrder.filter((entry) => entry !== undefined)) } as Measurements
}

async function long(minutes: number): Promise<void> {
  // Else a connection would authenticate once in ten minutes.
  const sessionSeconds = 120
  const seconds = 60 * minutes
  const came = await measure(profiles['producer-1'], { seconds, sessionSeconds })
  const rows = foretold(measurements(), came, sessionSeconds).map(({ what, expected, actual }) => [
    what,
    expected.toFixed(1),
    String(actual),
  ])
  console.log(table([`${minutes} minutes`, 'foretold', 'came'], rows))
}
