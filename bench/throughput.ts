/**
 * Batches of 100 to the broker of the local stack (npm run stack:up), awaited one after another: bare kafkajs on its own
 * sockets, the same again, and ours with and without an SDK.
 *   node bench/throughput.ts [--rounds 15] [--seconds 2]
 * Each is connected in a process of its own; in each round they take turns in random order. It prints the median of the
 * rounds' ratios of throughput to bare, and p50 and p99 of all batches.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Random } from '../test/publisher/support/random.ts'
import { table } from './cost/words.ts'
import { prepare, ROOT } from './speed/places.ts'
import type { StackContender, Turn } from './speed/stack-batches.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
})
const contenders: Readonly<Record<string, StackContender>> = {
  bare: { ours: false, sdk: false },
  'bare again': { ours: false, sdk: false },
  'ours, with an SDK': { ours: true, sdk: true },
  'ours, without an SDK': { ours: true, sdk: false },
}

prepare([ROOT])
const running: [string, ChildProcess][] = []
for (const [name, contender] of Object.entries(contenders)) running.push([name, await connected(contender)])
const chance = new Random(Number(values.seed))
const rounds: Map<string, Turn>[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  const waiting = [...running]
  const turns = new Map<string, Turn>()
  while (waiting.length > 0) {
    const [[name, child] = []] = waiting.splice(chance.from(0, waiting.length - 1), 1)
    if (name !== undefined && child) turns.set(name, await turnOf(child))
  }
  rounds.push(turns)
}
for (const [, child] of running) child.send('end')
print()

function print(): void {
  const perSecond = (turns: Map<string, Turn>, name: string) => turns.get(name)?.perSecond ?? Number.NaN
  const rows = Object.keys(contenders).map((name) => {
    const ratios = sorted(rounds.map((turns) => perSecond(turns, name) / perSecond(turns, 'bare')))
    const times = sorted(rounds.flatMap((turns) => turns.get(name)?.ms ?? []))
    const ms = (share: number) => `${at(times, share).toFixed(2)} ms`
    return [
      name,
      `${at(ratios, 0.5).toFixed(3)} (${at(ratios, 0.125).toFixed(2)} to ${at(ratios, 0.875).toFixed(2)})`,
      ms(0.5),
      ms(0.99),
      String(times.length),
    ]
  })
  console.log(table(['batches of 100', 'throughput, to bare', 'p50', 'p99', 'batches'], rows))
}

async function connected(contender: StackContender): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('speed/stack-batches.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(contender)], {
    execArgv: ['--single-threaded-gc'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      KAFKAJS_NO_PARTITIONER_WARNING: '1',
      NODE_NO_WARNINGS: '1',
    },
  })
  await once(child, 'message')
  return child
}

async function turnOf(child: ChildProcess): Promise<Turn> {
  child.send(Number(values.seconds))
  const [turn] = (await once(child, 'message')) as [Turn]
  return turn
}

function sorted(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b)
}

function at(numbers: readonly number[], share: number): number {
  return numbers[Math.round(share * (numbers.length - 1))] ?? Number.NaN
}
