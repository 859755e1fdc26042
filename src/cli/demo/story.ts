import { setTimeout as sleep } from 'node:timers/promises'
import { Publishing, type Tally } from './publishing.ts'
import type { SceneName } from './scenes.ts'
import type { Stage } from './stage.ts'

export interface Telling {
  /** Resolves when all of them have been seen, or it has taken too long. */
  seen(...scenes: SceneName[]): Promise<void>
  /** Says what is done to the services. */
  event(text: string): void
  /** What the code of a service got. */
  caught(error: unknown): void
  /** Something is not as promised. */
  problem(text: string): void
}

/** From the first token to a denial; every step waits for what it is to show. */
export async function play(stage: Stage, { seen, event, caught, problem }: Telling): Promise<Tally[]> {
  const { sandbox, sts } = stage
  event('orders starts: three producers connect at the same moment.')
  const producers = [stage.producer('orders'), stage.producer('orders'), stage.producer('orders')]
  const [orders, ...others] = producers as [(typeof producers)[0], ...typeof producers]
  await Promise.all(producers.map((producer) => producer.connect()))
  await seen('firstToken', 'joined')
  if (sts.requests.length !== 1)
    problem(`STS was asked ${sts.requests.length} times by three producers, not once.`)
  await Promise.all(others.map((producer) => producer.disconnect()))

  event('orders publishes four messages a second; so does reports, which has no timer.')
  const reports = stage.producer('reports')
  await reports.connect()
  const publishing = [new Publishing(orders, 'orders'), new Publishing(reports, 'reports')]
  await seen('reauthentication', 'timer', 'callerAhead', 'behind')

  event('STS goes down. orders and reports go on publishing.')
  sts.setFault('down')
  await seen('outage', 'stale')

  event('STS is back.')
  sts.setFault(undefined)
  await seen('recovered')

  event('billing starts, in a second with too many connects.')
  sandbox.faults.add({ refuse: 'Too many connects', principal: 'billing', times: 1 })
  const billing = stage.producer('billing')
  await billing.connect()
  await billing.disconnect()
  await seen('throttled')

  event('visitors starts; its role lacks kafka-cluster:Connect.')
  const visitors = stage.producer('visitors')
  await visitors.connect().catch(caught)
  await visitors.disconnect()
  await seen('denied')

  // reports has no timer, so it recovers when its session ends.
  for (let tries = 0; stage.failing.length > 0 && tries < 100; tries += 1) await sleep(100)
  for (const service of stage.failing) problem(`${service} did not recover from the outage.`)
  const tallies = await Promise.all(publishing.map((service) => service.stop(sandbox)))
  await Promise.all([orders.disconnect(), reports.disconnect()])
  return tallies
}
