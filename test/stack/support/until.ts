import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  /** Default 30. */
  seconds?: number
  everyMs?: number
}

/** Asks until the answer is there: anything but undefined or false. What the last attempt threw is told at the end. */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
  { seconds = 30, everyMs = 250 }: Patience = {},
): Promise<T> {
  const end = performance.now() + seconds * 1000
  let problem: unknown
  do {
    try {
      const answer = await attempt()
      if (answer !== undefined && answer !== false) return answer
      problem = undefined
    } catch (error) {
      problem = error
    }
    await pause(everyMs)
  } while (performance.now() < end)
  throw new Error(`Waited ${seconds} s in vain for ${what}.`, problem === undefined ? {} : { cause: problem })
}
