/**
 * Where the time and the bytes of one figure of `npm run bench` go, by function.
 *   node bench/profile.ts --task send [--sdk without] [--who ours|peer|bare] [--ours .] [--rows 40]
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bytes, table } from './cost/words.ts'
import { prepare, ROOT } from './speed/places.ts'
import { ask, launched } from './speed/processes.ts'
import type { Cost } from './speed/profile.ts'
import type { TaskName, Who } from './speed/tasks.ts'

const { values } = parseArgs({
  options: {
    task: { type: 'string', default: 'send' },
    sdk: { type: 'string', default: 'with' },
    who: { type: 'string', default: 'ours' },
    ours: { type: 'string', default: ROOT },
    rows: { type: 'string', default: '40' },
  },
})
const folder = resolve(values.ours)
prepare([folder])
const contender = {
  who: values.who as Who,
  task: values.task as TaskName,
  sdk: values.sdk === 'with',
  headers: false,
  folder,
}
for (const child of (await launched(new Map([[values.who, contender]]))).values()) {
  print('CPU', await ask<Cost[]>(child, 'profile of time'), (us) => `${(1000 * us).toFixed(0)} ns`)
  print('allocated', await ask<Cost[]>(child, 'profile of bytes'), bytes)
  child.kill()
}

function print(what: string, costs: readonly Cost[], say: (amount: number) => string): void {
  const total = costs.reduce((sum, { amount }) => sum + amount, 0)
  const row = ({ of, place, amount }: Cost) => [
    say(amount),
    `${((100 * amount) / total).toFixed(1)} %`,
    of,
    place,
  ]
  const owners = Object.entries(Object.groupBy(costs, ({ of }) => of)).map(([of, some = []]) => ({
    of,
    place: '',
    amount: some.reduce((sum, { amount }) => sum + amount, 0),
  }))
  owners.sort((a, b) => b.amount - a.amount)
  console.log(
    table([what, 'share', 'whose', 'where'], [{ of: 'all', place: '', amount: total }, ...owners].map(row)),
  )
  console.log()
  console.log(table([what, 'share', 'whose', 'where'], costs.slice(0, Number(values.rows)).map(row)))
  console.log()
}
