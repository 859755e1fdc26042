/**
 * The same random programs through a kafkajs client and through the same one wrapped:
 * `npm run differential -- --programs 10000 --seed 1 [--sdk none|real|hostile] [--lanes 2] [--stack] [--details] [--shrink] [--show]`
 */
import { parseArgs } from 'node:util'
import { drive, type Found, kindOf, type Report, shrink } from './drive.ts'
import { programOf } from './generate.ts'
import { INTENDED } from './intended.ts'
import { SDKS, type SdkKind } from './sdk.ts'

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    sdk: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    shrink: { type: 'boolean', default: false },
    stack: { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
    details: { type: 'boolean', default: false },
  },
})

const sdks = values.sdk === undefined ? SDKS : [values.sdk as SdkKind]
const place = values.stack ? 'stack' : 'sandbox'
const seed = Number(values.seed)
if (values.show) console.log(JSON.stringify(programOf(seed, place), null, 1))
const started = performance.now()
const report = await drive({
  seed,
  programs: Number(values.programs),
  sdks,
  place,
  lanes: Number(values.lanes),
  onProgram: ({ programs, found, selfDifferent }) => {
    if (programs % 100 === 0) {
      console.error(`${programs} programs, ${selfDifferent} different from themselves, ${found.length} found`)
    }
  },
})
await print(report)
process.exitCode = report.found.length + report.broken.length > 0 ? 1 : 0

async function print({ found, broken, intended, ofItself, nowAndThen, ...counts }: Report): Promise<void> {
  console.log({ ...counts, seconds: Math.round((performance.now() - started) / 1000) })
  for (const { name, reason } of INTENDED)
    console.log(`intended, ${intended[name] ?? 0} times: ${name}. ${reason}`)
  for (const { seed, contender, why } of broken.slice(0, 20))
    console.log(`broken: ${seed} ${contender}: ${why}`)
  for (const [kind, times] of Object.entries(ofItself))
    if (values.details) console.log(`bare and bare, ${times} times: ${kind}`)
  for (const [kind, all] of byKind(nowAndThen))
    console.log(`not each time, ${all.length} × (seed ${all[0]?.seed}) ${kind}`)
  const kinds = byKind(found)
  console.log(
    `${found.length} comparisons with differences, ${kinds.length} kinds; ${broken.length} broken runs`,
  )
  for (const [kind, all] of kinds) {
    const [first] = all
    const contenders = [...new Set(all.map(({ contender }) => contender))].join(', ')
    const seeds = [...new Set(all.map(({ seed }) => seed))].slice(0, 5).join(' ')
    console.log(`\n${all.length} × (${contenders}; seeds ${seeds}) ${kind}`)
    if (values.details && first) {
      for (const { path, bare, other } of first.differences.slice(0, 12)) {
        console.log(
          `  ${path.join(' › ')}\n    bare:  ${JSON.stringify(bare)}\n    other: ${JSON.stringify(other)}`,
        )
      }
    }
    if (values.shrink && first) {
      console.log(JSON.stringify(await shrink(first, new Set([kind]), place)))
    }
  }
}

/** By the first difference of each, since the others mostly follow from it; most frequent first. */
function byKind(found: readonly Found[]): [string, Found[]][] {
  const kinds = new Map<string, Found[]>()
  for (const one of found) {
    const [first] = one.differences
    if (!first) continue
    const kind = kindOf(first)
    kinds.set(kind, [...(kinds.get(kind) ?? []), one])
  }
  return [...kinds].sort(([, one], [, other]) => other.length - one.length)
}
