import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SdkKind } from './sdk.ts'
import type { Answer, Task } from './worker.ts'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** What programs leave behind goes with the process. */
const RUNS_OF_A_PROCESS = 1_000
const DEADLINE_MS = 90_000

/** One process at a time, that runs tasks in their order. */
export class Worker {
  readonly #kind: SdkKind
  #process: ChildProcess | undefined
  #runs = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(kind: SdkKind) {
    this.#kind = kind
  }

  run(task: Task): Promise<Answer> {
    const answer = this.#last.then(() => this.#run(task))
    this.#last = answer
    return answer
  }

  close(): void {
    this.#process?.kill()
    this.#process = undefined
  }

  #run(task: Task): Promise<Answer> {
    if (this.#runs++ % RUNS_OF_A_PROCESS === 0) this.close()
    const worker = this.#started()
    return new Promise((resolve) => {
      const end = (answer: Answer) => {
        clearTimeout(deadline)
        worker.off('message', end).off('exit', onExit)
        resolve(answer)
      }
      const onExit = (code: number | null) => {
        this.#process = undefined
        end({ broken: `the process ended with ${code}` })
      }
      const deadline = setTimeout(() => {
        this.close()
        end({ broken: 'the program did not end' })
      }, DEADLINE_MS)
      worker.on('message', end).on('exit', onExit)
      worker.send(task, (error) => error && onExit(null))
    })
  }

  #started(): ChildProcess {
    this.#process ??= fork(WORKER, [this.#kind], {
      // kafkajs shortens its retries under NODE_ENV=test.
      env: {
        ...process.env,
        NODE_ENV: 'production',
        KAFKAJS_NO_PARTITIONER_WARNING: '1',
        NODE_NO_WARNINGS: '1',
      },
      serialization: 'advanced',
    })
    return this.#process
  }
}
