/** Contenders, each in a process of its own: an SDK cannot be unregistered, and garbage and compiled code are not shared. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Ask } from './process.ts'
import type { Contender } from './tasks.ts'

/** The size of the young generation decides when garbage is collected, so that it is fixed. */
const FLAGS = ['--single-threaded-gc', '--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']
const ENVIRONMENT = { NODE_ENV: 'production', KAFKAJS_NO_PARTITIONER_WARNING: '1', NODE_NO_WARNINGS: '1' }
/** Warming up is not measured. */
const WARM_UP_AT_A_TIME = 2

/** Warmed up. */
export async function launched(
  contenders: ReadonlyMap<string, Contender>,
): Promise<ReadonlyMap<string, ChildProcess>> {
  const file = fileURLToPath(new URL('process.ts', import.meta.url))
  const running = new Map<string, ChildProcess>()
  for (const [name, contender] of contenders) {
    const child = fork(file, [JSON.stringify(contender)], {
      execArgv: FLAGS,
      env: { ...process.env, ...ENVIRONMENT },
    })
    first(child)
    await answerOf(child)
    running.set(name, child)
  }
  const waiting = [...running.values()]
  const lane = async () => {
    for (let child = waiting.shift(); child; child = waiting.shift()) await ask(child, 'warm up')
  }
  await Promise.all(Array.from({ length: WARM_UP_AT_A_TIME }, lane))
  return running
}

/** So that other work of the machine interrupts it less. Only root may. */
function first({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_HIGHEST)
  } catch {
    // It is measured as it is.
  }
}

export async function ask<T>(child: ChildProcess, what: Ask): Promise<T> {
  child.send(what)
  return (await answerOf(child)) as T
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const { signal } = stop
  try {
    const message = once(child, 'message', { signal })
    const exit = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a contender ended with ${code}`)
    })
    const [answer] = await Promise.race([message, exit])
    return answer
  } finally {
    stop.abort()
  }
}
