/**
 * Twenty gzip sends at a time through re-authentications: our sockets with sessions that are due every 2 s, and at the
 * same time, in another process, kafkajs's own sockets with a session that does not end; for each limit of requests in
 * flight.
 *
 *     node bench/busy-reauthentication.ts [--stack] [--slow] [--runs 5] [--seconds 10] [--limits 1,2,3,none]
 *       [--work sends|transactions|consumer]
 *
 * It prints, for each limit, the median of the runs' throughput ratios (ours to kafkajs's), and of our runs the messages
 * lost and stored twice (by key, in the topic), the sends that failed, the longest time without a send that succeeded,
 * and the authentications. `--stack`: the broker of the local stack (npm run stack:up). `--slow`: a sandbox that answers
 * handshake and token after 0.7 s each, with a `requestTimeout` of 1 s. `--work`, with `--stack`: transactions of twenty
 * sends each, or the messages that a consumer of the topic handles beside the sends.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { clearFault, setFault } from '../scripts/fault.ts'
import type { Arm, ArmSettings, Outcome } from './support/busy-sends.ts'

const { values } = parseArgs({
  options: {
    stack: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    limits: { type: 'string', default: '1,2,3,none' },
    work: { type: 'string', default: 'sends' },
  },
})
const { stack, slow } = values
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

for (const limit of values.limits.split(',')) {
  const pairs: { ours: Outcome; kafkajs: Outcome }[] = []
  for (let run = 0; run < Number(values.runs); run += 1) pairs.push(await pair(limit))
  const ratios = pairs.map(({ ours, kafkajs }) => ours.perSecond / kafkajs.perSecond)
  const ours = (of: keyof Outcome) => pairs.map((outcomes) => outcomes.ours[of])
  const sum = (of: keyof Outcome) => ours(of).reduce((total, number) => total + number, 0)
  console.log(
    `limit ${limit}: ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}), ` +
      `${median(ours('perSecond')).toFixed(0)} sends/s, lost ${sum('lost')}, twice ${sum('twice')}, ` +
      `failed ${sum('failed')}, longest gap ${Math.max(...ours('gapMs')).toFixed(0)} ms, ` +
      `authentications ${ours('authentications').join(' ')}`,
  )
}

/** Both at the same time, so that whatever else the machine does is the same for both. */
async function pair(limit: string): Promise<{ ours: Outcome; kafkajs: Outcome }> {
  const settings = {
    limit: limit === 'none' ? undefined : Number(limit),
    seconds: Number(values.seconds),
    stack,
    slow,
    work: values.work as ArmSettings['work'],
  }
  if (stack) clearFault()
  const kafkajs = await connected('kafkajs', settings)
  // Those that are connected keep the session that they have.
  if (stack) setFault('short-session', { principal: 'orders-service' })
  const ours = await connected('ours', settings)
  const outcomes = [ours, kafkajs].map(async (child) => {
    child.send('go')
    const [outcome] = (await once(child, 'message')) as [Outcome]
    return outcome
  })
  const [first, second] = (await Promise.all(outcomes)) as [Outcome, Outcome]
  if (stack) clearFault()
  return { ours: first, kafkajs: second }
}

async function connected(arm: Arm, settings: Omit<ArmSettings, 'arm'>): Promise<ChildProcess> {
  const file = new URL('./support/busy-sends.ts', import.meta.url)
  const child = fork(file, [JSON.stringify({ arm, ...settings })])
  await once(child, 'message')
  return child
}
