import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  /** Default 30. */
  seconds?: number
  everyMs?: number
  /** Aborted: stops waiting at once. */
  signal?: AbortSignal
}

/** Asks until the answer is there: anything but undefined or false. What the last attempt threw is told at the end. */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
  { seconds = 30, everyMs = 250, signal }: Patience = {},
): Promise<T> {
  const end = performance.now() + seconds * 1000
  let problem: unknown
  do {
    signal?.throwIfAborted()
    try {
      const answer = await attempt()
      if (answer !== undefined && answer !== false) return answer
      problem = undefined
    } catch (error) {
      problem = error
    }
    await pause(everyMs, undefined, { ...(signal && { signal }) })
  } while (performance.now() < end)
  const because = problem instanceof Error ? `: ${problem.message}` : ''
  throw new Error(
    `Waited ${Math.round(seconds)} s in vain for ${what}${because}`,
    problem === undefined ? {} : { cause: problem },
  )
}
