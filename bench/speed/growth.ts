/** Whether anything grows while a task is done a million times. */

import type { Heaps } from './process.ts'
import { ask, launched } from './processes.ts'
import type { Contender } from './tasks.ts'

export interface Growth {
  readonly title: string
  readonly times: number
  /** What is in use after a full collection: after a tenth of them, and after all. */
  readonly heaps: Heaps
}

/** So that growth is told from a heap that is never twice the same. */
export const STEADY_BYTES = 500_000

export async function growthOf(title: string, contender: Contender, times: number): Promise<Growth> {
  for (const child of (await launched(new Map([[title, contender]]))).values()) {
    const heaps = await ask<Heaps>(child, { growthOver: times })
    child.kill()
    return { title, times, heaps }
  }
  throw new Error('nothing was launched')
}
