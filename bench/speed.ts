/**
 * What tokens, sends and handled messages cost, compared in the same run with @eventferry/kafka-iam and
 * @opentelemetry/instrumentation-kafkajs.
 *   npm run bench                                           everything, into bench/RESULTS.md
 *   npm run bench -- --only hit,send [--sdk with|without]   some, only printed
 *   npm run bench -- --ours ../base --ours .                two builds (folders with a dist) beside each other
 * --launches 3 --samples 5 --blocks 20: fresh processes; in each, samples; in each, blocks of 20 ms of every contender.
 * --seed 1: the order in which they take turns.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../test/publisher/support/random.ts'
import { contest } from './speed/contest.ts'
import { ENTRIES, type Entry, importTime, loadedBy, packageSize } from './speed/entries.ts'
import { type Build, contendersOf, figures } from './speed/figures.ts'
import { growthOf } from './speed/growth.ts'
import { buildsOf, costsOf, headOf, ratiosOf } from './speed/page.ts'
import { prepare, ROOT } from './speed/places.ts'
import { RESULTS, type Results, resultsPage } from './speed/results.ts'
import { type Verdict, verdictOf } from './speed/verdict.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sdk: { type: 'string' },
    ours: { type: 'string', multiple: true, default: [ROOT] },
    launches: { type: 'string', default: '3' },
    samples: { type: 'string', default: '5' },
    blocks: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})

const builds = values.ours.map((folder) => buildIn(resolve(folder)))
prepare(builds.map(({ folder }) => folder))
const wanted = figures.filter(
  ({ task, sdk }) =>
    (values.only?.split(',').includes(task) ?? true) &&
    (values.sdk ?? (sdk ? 'with' : 'without')) === (sdk ? 'with' : 'without'),
)
const effort = {
  launches: Number(values.launches),
  samples: Number(values.samples),
  blocks: Number(values.blocks),
}
const chance = new Random(Number(values.seed))
const verdicts: Verdict[] = []
for (const figure of wanted) {
  const verdict = verdictOf(figure, await contest(contendersOf(figure, builds), effort, chance), builds)
  verdicts.push(verdict)
  console.error(headOf(figure))
  console.error(builds.length > 1 ? buildsOf([verdict]) : ratiosOf([verdict]))
}
if (isEverything()) writeFileSync(RESULTS, resultsPage(await results(ROOT)))
console.log(ratiosOf(verdicts))
console.log(costsOf(verdicts))
if (builds.length > 1) console.log(buildsOf(verdicts))

function isEverything(): boolean {
  return builds.length === 1 && builds[0]?.folder === resolve(ROOT) && wanted.length === figures.length
}

async function results(folder: string): Promise<Results> {
  const contender = { who: 'ours', sdk: true, headers: false, folder } as const
  return {
    commit: commitOf(folder),
    day: new Date().toISOString().slice(0, 10),
    effort,
    verdicts,
    entries: (Object.keys(ENTRIES) as Entry[]).map((entry) => ({
      entry,
      loaded: loadedBy(folder, entry),
      ms: importTime(folder, entry),
    })),
    size: packageSize(folder),
    growth: [
      await growthOf('a token hit, with an SDK', { ...contender, task: 'hit' }, 10_000_000),
      await growthOf('one send, with an SDK', { ...contender, task: 'send' }, 1_000_000),
    ],
  }
}

function buildIn(folder: string): Build {
  return { name: values.ours.length === 1 ? 'ours' : commitOf(folder), folder }
}

/** The last one that changed what is measured. */
function commitOf(folder: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', 'src') === '' ? '' : ' and changes'
  return `${git('log', '-1', '--format=%h', '--', 'src')}${changed}`
}
