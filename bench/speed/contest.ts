/** The contenders of a figure take turns, so that whatever else the machine does is the same for all. */
import type { ChildProcess } from 'node:child_process'
import type { Random } from '../../test/publisher/support/random.ts'
import { ask, launched } from './processes.ts'
import type { Contender } from './tasks.ts'

export interface Effort {
  /** Fresh processes. */
  readonly launches: number
  /** In each launch. */
  readonly samples: number
  /** In each sample, of each contender. */
  readonly blocks: number
}

/** Measured at the same time. */
export type Sample = ReadonlyMap<string, { readonly us: number; readonly bytes: number | undefined }>

export interface Contest {
  readonly samples: readonly Sample[]
  /** Exported for one time of the task. */
  readonly spans: ReadonlyMap<string, number>
}

export async function contest(
  contenders: ReadonlyMap<string, Contender>,
  { launches, samples, blocks }: Effort,
  chance: Random,
): Promise<Contest> {
  const taken: Sample[] = []
  let spans: Contest['spans'] = new Map()
  for (let launch = 0; launch < launches; launch += 1) {
    const running = await launched(contenders)
    try {
      for (let sample = 0; sample < samples; sample += 1) taken.push(await sampleOf(running, blocks, chance))
      spans = new Map(await inOrder(running, (one) => ask<number>(one, 'spans')))
    } finally {
      for (const child of running.values()) child.kill()
    }
  }
  return { samples: taken, spans }
}

type Running = ReadonlyMap<string, ChildProcess>

async function sampleOf(running: Running, blocks: number, chance: Random): Promise<Sample> {
  const sums = new Map<string, number>()
  for (let block = 0; block < blocks; block += 1) {
    for (const [name, child] of shuffled([...running], chance))
      sums.set(name, (sums.get(name) ?? 0) + (await ask<number>(child, 'block')))
  }
  const bytes = new Map(await inOrder(running, (child) => ask<number | null>(child, 'heap')))
  const ofOne = (name: string) => ({
    us: (sums.get(name) ?? Number.NaN) / blocks,
    bytes: bytes.get(name) ?? undefined,
  })
  return new Map([...running.keys()].map((name) => [name, ofOne(name)]))
}

async function inOrder<T>(running: Running, of: (child: ChildProcess) => Promise<T>): Promise<[string, T][]> {
  const found: [string, T][] = []
  for (const [name, child] of running) found.push([name, await of(child)])
  return found
}

const shuffled = <T>(given: readonly T[], chance: Random): T[] =>
  given
    .map((item) => ({ item, at: chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
