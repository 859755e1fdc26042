import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
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
export async function play(stage: Stage, telling: Telling): Promise<Tally[]> {
  const orders = await connectThreeProducers(stage, telling)
  telling.event('orders publishes four messages a second; so does reports, which has no timer.')
  const reports = stage.producer('reports')
  await reports.connect()
  const publishing = [new Publishing(orders, 'orders'), new Publishing(reports, 'reports')]
  await telling.seen('reauthentication', 'timer', 'callerAhead', 'behind')

  await takeStsDown(stage, telling)
  await throttleBilling(stage, telling)
  await denyVisitors(stage, telling)

  await waitForRecovery(stage, telling)
  const tallies = await Promise.all(publishing.map((service) => service.stop(stage.sandbox)))
  await Promise.all([orders.disconnect(), reports.disconnect()])
  return tallies
}

/** @returns the one of them that stays connected */
async function connectThreeProducers(stage: Stage, { seen, event, problem }: Telling): Promise<Producer> {
  const { sts } = stage
  event('orders starts: three producers connect at the same moment.')
  const producers = [stage.producer('orders'), stage.producer('orders'), stage.producer('orders')]
  const [orders, ...others] = producers as [Producer, ...Producer[]]
  await Promise.all(producers.map((producer) => producer.connect()))
  await seen('firstToken', 'joined')
  if (sts.requests.length !== 1)
    problem(`STS was asked ${sts.requests.length} times by three producers, not once.`)
  await Promise.all(others.map((producer) => producer.disconnect()))
  return orders
}

async function takeStsDown({ sts }: Stage, { seen, event }: Telling): Promise<void> {
  event('STS goes down. orders and reports go on publishing.')
  sts.setFault('down')
  await seen('outage', 'stale')

  event('STS is back.')
  sts.setFault(undefined)
  await seen('recovered')
}

async function throttleBilling(stage: Stage, { seen, event }: Telling): Promise<void> {
  event('billing starts, in a second with too many connects.')
  stage.sandbox.faults.add({ refuse: 'Too many connects', principal: 'billing', times: 1 })
  const billing = stage.producer('billing')
  await billing.connect()
  await billing.disconnect()
  await seen('throttled')
}

async function denyVisitors(stage: Stage, { seen, event, caught }: Telling): Promise<void> {
  event('visitors starts; its role lacks kafka-cluster:Connect.')
  const visitors = stage.producer('visitors')
  await visitors.connect().catch(caught)
  await visitors.disconnect()
  await seen('denied')
}

/** reports has no timer, so it recovers when its session ends. */
async function waitForRecovery(stage: Stage, { problem }: Telling): Promise<void> {
  for (let tries = 0; stage.failing.length > 0 && tries < 100; tries += 1) await sleep(100)
  for (const service of stage.failing) problem(`${service} did not recover from the outage.`)
}
