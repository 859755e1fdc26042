/** A process with one kind of SDK that runs programs, one after the other: `worker.ts none|real|hostile`. */
import { randomUUID } from 'node:crypto'
import type { Arrangement } from './clients.ts'
import { sandboxPlace } from './place.ts'
import type { Program } from './program.ts'
import type { RunRecord } from './record.ts'
import { run } from './run.ts'
import { type SdkKind, startSdk } from './sdk.ts'
import { renamed, stackPlace } from './stack-place.ts'

export interface Task {
  readonly program: Program
  readonly arrangement: Arrangement
  readonly place: 'sandbox' | 'stack'
}

export type Answer = { readonly record: RunRecord } | { readonly broken: string }

const sdk = startSdk(process.argv[2] as SdkKind)

process.on('message', async (task: Task) => {
  process.send?.(await answer(task))
})
process.on('disconnect', () => process.exit())

/** Between runs: while one is on, it looks at them itself. */
let uncaught: string[] = []
process.on('unhandledRejection', (error) => uncaught.push(shown(error)))
process.on('uncaughtException', (error) => uncaught.push(shown(error)))

const shown = (error: unknown): string => (error instanceof Error ? String(error.stack) : String(error))

async function answer({ program: given, arrangement, place: kind }: Task): Promise<Answer> {
  try {
    const id = randomUUID().slice(0, 8)
    const program = kind === 'stack' ? renamed(given, id) : given
    const place =
      kind === 'stack' ? await stackPlace(program.cluster, id) : await sandboxPlace(program.cluster)
    const running = () => run(program, arrangement, place).finally(() => (uncaught = []))
    const record = await sdk.around(program.seed, running)
    const [first] = uncaught.splice(0)
    return first === undefined ? { record } : { broken: `between runs: ${first}` }
  } catch (error) {
    return { broken: shown(error) }
  }
}
