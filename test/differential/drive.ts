import fc from 'fast-check'
import { type Difference, differences, type Order } from './compare.ts'
import { programOf, programsFor } from './generate.ts'
import { type Compared, INTENDED } from './intended.ts'
import type { Program, Step } from './program.ts'
import type { RunRecord } from './record.ts'
import { SDKS, type SdkKind } from './sdk.ts'
import { Worker } from './workers.ts'

/** How often a program with a difference is run again. */
const REPETITIONS = 3

/** One of the clients that a program is run with, beside the bare one. */
type Contender = SdkKind | 'official'

export type PlaceKind = 'sandbox' | 'stack'

export interface Found {
  readonly seed: number
  readonly contender: Contender
  readonly differences: readonly Difference[]
}

export interface Report {
  programs: number
  /** Programs in which bare differs from itself; not compared further. */
  selfDifferent: number
  /** The first difference of each of those, by kind. */
  readonly ofItself: Record<string, number>
  /** Compared with each contender. */
  readonly compared: Partial<Record<Contender, number>>
  /** How often each intended difference was met. */
  readonly intended: Record<string, number>
  readonly found: Found[]
  /** Differences that were not there each time: races. */
  readonly nowAndThen: Found[]
  /** Programs whose run itself failed. */
  readonly broken: { readonly seed: number; readonly contender: Contender; readonly why: string }[]
}

export interface DriveOptions {
  readonly seed: number
  readonly programs: number
  readonly sdks?: readonly SdkKind[]
  readonly place?: PlaceKind
  /** Programs that run at once. Default 2. */
  readonly lanes?: number
  readonly onProgram?: (report: Report) => void
}

export async function drive({
  seed,
  programs,
  sdks = SDKS,
  place = 'sandbox',
  lanes = 2,
  onProgram,
}: DriveOptions): Promise<Report> {
  const report: Report = {
    programs: 0,
    selfDifferent: 0,
    ofItself: {},
    compared: {},
    intended: {},
    found: [],
    nowAndThen: [],
    broken: [],
  }
  let next = 0
  const lane = async () => {
    const comparison = new Comparison(sdks, place)
    while (next < programs) {
      const number = seed + next++
      await comparison.compare(number, programOf(number, place), report)
      report.programs += 1
      onProgram?.(report)
    }
    comparison.close()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return report
}

/** The smallest program that fast-check finds with a difference that is like one of those of the seed. */
export async function shrink(
  { seed, contender }: Pick<Found, 'seed' | 'contender'>,
  like: ReadonlySet<string>,
  place: PlaceKind = 'sandbox',
): Promise<Program> {
  const comparison = new Comparison(contender === 'official' ? ['none'] : [contender], place)
  const property = fc.asyncProperty(programsFor(place), async (program) => {
    const { found } = await comparison.differences(program, contender)
    return !found.some((difference) => like.has(kindOf(difference)))
  })
  const result = await fc.check(property, {
    seed,
    numRuns: 1,
    unbiased: true,
    interruptAfterTimeLimit: 60_000,
  })
  comparison.close()
  return result.counterexample?.[0] ?? programOf(seed, place)
}

/** Where and what, without numbers: differences of one kind have one cause, most likely. */
export function kindOf({ path, bare, other }: Difference): string {
  const shown = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 160)
  const place = path.map((key) => key.replace(/^\d+ ?/, '')).filter((key) => key !== '')
  return `${place.join(' › ')}: ${shown(bare)} → ${shown(other)}`.replace(/\d+/g, '#')
}

class Comparison {
  readonly #workers = new Map<SdkKind, Worker>()
  readonly #sdks: readonly SdkKind[]
  readonly #place: PlaceKind

  constructor(sdks: readonly SdkKind[], place: PlaceKind) {
    this.#sdks = sdks
    this.#place = place
  }

  async compare(seed: number, program: Program, report: Report): Promise<void> {
    const contenders: Contender[] = [
      ...this.#sdks,
      ...(suitsOfficial(program) ? (['official'] as const) : []),
    ]
    const [first, second] = await Promise.all([this.#bare(program), this.#bare(program)])
    if (typeof first === 'string' || typeof second === 'string') {
      report.broken.push({ seed, contender: 'none', why: String(typeof first === 'string' ? first : second) })
      return
    }
    const [own] = differences(first, second, orderOf(program, this.#place))
    if (own) {
      report.selfDifferent += 1
      const kind = kindOf(own)
      report.ofItself[kind] = (report.ofItself[kind] ?? 0) + 1
      return
    }
    for (const contender of contenders) await this.#against(first, { seed, program, contender }, report)
  }

  /** Without those that are intended, and those of bare with itself. */
  async differences(program: Program, contender: Contender) {
    const bare = await this.#bare(program)
    const other = await this.#run(program, contender)
    if (typeof bare === 'string' || typeof other === 'string')
      return { found: [], intended: [], broken: other }
    return {
      ...sorted(differences(bare, other, orderOf(program, this.#place)), comparedAs(contender)),
      broken: undefined,
    }
  }

  async #against(
    bare: RunRecord,
    { seed, program, contender }: { seed: number; program: Program; contender: Contender },
    report: Report,
  ): Promise<void> {
    const other = await this.#run(program, contender)
    if (typeof other === 'string') {
      report.broken.push({ seed, contender, why: other })
      return
    }
    report.compared[contender] = (report.compared[contender] ?? 0) + 1
    const { found, intended } = sorted(
      differences(bare, other, orderOf(program, this.#place)),
      comparedAs(contender),
    )
    for (const name of intended) report.intended[name] = (report.intended[name] ?? 0) + 1
    if (found.length === 0) return
    const same = { seed, contender, differences: found }
    if (await this.#isAlwaysDifferent(program, contender)) report.found.push(same)
    else report.nowAndThen.push(same)
  }

  /** What comes and goes is a race in the program, and as likely one that bare would show in more runs. */
  async #isAlwaysDifferent(program: Program, contender: Contender): Promise<boolean> {
    for (let again = 0; again < REPETITIONS; again += 1) {
      const { found } = await this.differences(program, contender)
      if (found.length === 0) return false
    }
    return true
  }

  #bare(program: Program): Promise<RunRecord | string> {
    return this.#task('none', program, { client: 'bare', connection: 'ours' })
  }

  #run(program: Program, contender: Contender): Promise<RunRecord | string> {
    const { sdk, ...arrangement } = comparedAs(contender)
    return this.#task(sdk, program, arrangement)
  }

  async #task(
    sdk: SdkKind,
    program: Program,
    arrangement: Omit<Compared, 'sdk'>,
  ): Promise<RunRecord | string> {
    const worker = this.#workers.get(sdk) ?? new Worker(sdk)
    this.#workers.set(sdk, worker)
    const answer = await worker.run({ program, arrangement, place: this.#place })
    return 'record' in answer ? answer.record : answer.broken
  }

  close(): void {
    for (const worker of this.#workers.values()) worker.close()
  }
}

const comparedAs = (contender: Contender): Compared =>
  contender === 'official'
    ? { client: 'bare', connection: 'official', sdk: 'none' }
    : { client: 'wrapped', connection: 'ours', sdk: contender }

function sorted(all: readonly Difference[], compared: Compared): { found: Difference[]; intended: string[] } {
  const found: Difference[] = []
  const intended: string[] = []
  for (const difference of all) {
    const known = INTENDED.find(({ is }) => is(difference, compared))
    if (known?.hasConsequences) return { found: [], intended: [known.name] }
    if (known) intended.push(known.name)
    else found.push(difference)
  }
  return { found, intended }
}

const flat = (steps: readonly Step[]): readonly Step[] =>
  steps.flatMap((step) => (step.do === 'parallel' ? flat(step.steps) : [step]))

const orderOf = ({ steps }: Program, place: PlaceKind): Order => {
  if (place === 'stack') return 'of a real broker'
  return steps.some((step) => step.do === 'parallel') ? 'of parallel calls' : 'of calls'
}

/**
 * Nothing goes wrong in authentication, and no session ends while the program runs. Answers that are cut off are left out
 * too: on its own sockets kafkajs keeps the piece, and takes it for the beginning of the next answer.
 */
function suitsOfficial({ cluster, steps }: Program): boolean {
  const authentication = ({ fault }: { fault: object }) =>
    'afterBytes' in fault ||
    !('on' in fault) ||
    ['SaslHandshake', 'SaslAuthenticate', 'ApiVersions'].includes(String(fault.on))
  const disturbed = flat(steps).some(
    (step) => step.do === 'expireSessions' || (step.do === 'fault' && authentication(step)),
  )
  return !disturbed && (cluster.sessionSeconds ?? 3600) > 60
}
