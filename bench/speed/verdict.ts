/** From samples to ratios: each of a sample by itself, since what was measured at the same time had the same noise. */
import type { Contest, Sample } from './contest.ts'
import type { Build, Figure } from './figures.ts'

/** Of all samples. */
export interface Spread {
  readonly median: number
  /** Three quarters of the samples are between them. */
  readonly low: number
  readonly high: number
}

export type Unit = 'us' | 'bytes'

export interface Verdict {
  readonly figure: Figure
  /** What one time costs, by contender, in each unit. */
  readonly costs: ReadonlyMap<string, Readonly<Record<Unit, Spread>>>
  /** By build. */
  readonly ratios: ReadonlyMap<string, Readonly<Record<Unit, Spread>>>
  /** Of each further build to the first one: whole, and over bare. */
  readonly toFirst: ReadonlyMap<string, Readonly<Record<Unit, { whole: Spread; over: Spread }>>>
  /** By how much bare differs from itself. */
  readonly noise: number
  readonly spans: Contest['spans']
}

/** From this noise on a run says nothing. */
export const TOO_NOISY = 0.03

export function verdictOf(
  figure: Figure,
  { samples, spans }: Contest,
  [first, ...further]: readonly Build[],
): Verdict {
  const names = [...(samples[0]?.keys() ?? [])]
  const each = (of: (sample: Sample) => number) => spread(samples.map(of))
  const units = <T>(of: (unit: Unit) => T) => ({ us: of('us'), bytes: of('bytes') })
  const cost = (sample: Sample, name: string, unit: Unit) => sample.get(name)?.[unit] ?? Number.NaN
  const over = (sample: Sample, name: string, unit: Unit) => {
    const bare = (cost(sample, 'bare', unit) + cost(sample, 'bare again', unit)) / 2
    return cost(sample, name, unit) - (figure.over ? bare : 0)
  }
  const ratio = (name: string, to: string) =>
    units((unit) => each((sample) => over(sample, name, unit) / over(sample, to, unit)))
  const builds = first ? [first, ...further] : []
  const toFirst = (name: string, to: string) =>
    units((unit) => ({
      whole: each((sample) => cost(sample, name, unit) / cost(sample, to, unit)),
      over: each((sample) => over(sample, name, unit) / over(sample, to, unit)),
    }))
  return {
    figure,
    costs: new Map(names.map((name) => [name, units((unit) => each((sample) => cost(sample, name, unit)))])),
    ratios: new Map(builds.map(({ name }) => [name, ratio(name, figure.against)])),
    toFirst: new Map(first ? further.map(({ name }) => [name, toFirst(name, first.name)]) : []),
    noise: Math.abs(
      each((sample) => cost(sample, 'bare again', 'us') / cost(sample, 'bare', 'us')).median - 1,
    ),
    spans,
  }
}

function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return { median: at(0.5), low: at(0.125), high: at(0.875) }
}
