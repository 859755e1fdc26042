/** One contender, in a process of its own: does its task for so long or so often, when it is told to. */
import { GCProfiler, getHeapStatistics } from 'node:v8'
import { bytesOf, timeOf } from './profile.ts'
import { type Contender, type Task, tasks } from './tasks.ts'

/** What the process is asked. */
export type Ask = Command | { readonly growthOver: number }

export type Command = 'warm up' | 'block' | 'heap' | 'spans' | 'profile of time' | 'profile of bytes'

/** Of CPU, so that a block is some 20 ms long. */
const BLOCK_US = 20_000
/** Bytes that are allocated between two collections. */
const HEAP_BYTES = 1_500_000
const HEAP_TRIES = 12
/** Blocks. */
const PROFILED = 150

const contender = JSON.parse(process.argv[2] ?? '') as Contender
const task = await tasks[contender.task](contender)
let [perBlock, perHeap] = [1, 1]

const answers: Record<Command, () => Promise<unknown>> = {
  async 'warm up'() {
    if (task.first) await task.first.run(task.first.times)
    await task.run(task.warmUp)
    perBlock = atLeastOne(BLOCK_US / (await microseconds(Math.ceil(task.warmUp / 20))))
    // Few first: many would allocate so much that something is always collected.
    for (const times of [1, 10, 100]) {
      const bytes = median(await heap(times))
      if (bytes === undefined) break
      perHeap = atLeastOne(HEAP_BYTES / Math.max(bytes, 1))
      if (perHeap < 10 * times) break
    }
    return undefined
  },
  block: async () => microseconds(perBlock),
  heap: async () => median(await heap(perHeap)),
  spans: async () => spansOf(task),
  'profile of time': () => timeOf(PROFILED * perBlock, () => task.run(PROFILED * perBlock)),
  'profile of bytes': () => bytesOf(PROFILED * perBlock, () => task.run(PROFILED * perBlock)),
}

process.on('message', async (ask: Ask) => {
  const answer = typeof ask === 'string' ? await answers[ask]() : await heapsOver(ask.growthOver)
  process.send?.(answer ?? null)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')

/** Of CPU, all threads, for one time. */
async function microseconds(times: number): Promise<number> {
  const before = process.cpuUsage()
  await task.run(times)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

/** Bytes allocated for one time; only where nothing was collected. */
async function heap(times: number): Promise<number[]> {
  const found: number[] = []
  for (let attempt = 0; attempt < HEAP_TRIES && found.length < 5; attempt += 1) {
    globalThis.gc?.({ type: 'minor' } as never)
    const profiler = new GCProfiler()
    profiler.start()
    const before = getHeapStatistics().used_heap_size
    await task.run(times)
    const after = getHeapStatistics().used_heap_size
    if (profiler.stop()?.statistics.length === 0) found.push((after - before) / times)
  }
  return found
}

export interface Heaps {
  readonly afterTenth: number
  readonly afterAll: number
}

async function heapsOver(times: number): Promise<Heaps> {
  await task.run(times / 10)
  const afterTenth = await heapInUse()
  await task.run((times * 9) / 10)
  return { afterTenth, afterAll: await heapInUse() }
}

/** Of what is left, after spans that wait have been exported. */
async function heapInUse(): Promise<number> {
  await task.spans?.()
  for (let time = 0; time < 3; time += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return getHeapStatistics().used_heap_size
}

/** Spans exported for one time, so that it shows that the contender does what it should. */
async function spansOf({ spans }: Task): Promise<number> {
  if (!spans) return 0
  const [before, times] = [await spans(), contender.task === 'batch' ? 16 : 1_600]
  await task.run(times)
  return ((await spans()) - before) / times
}

const atLeastOne = (times: number) => Math.max(1, Math.round(times))
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
