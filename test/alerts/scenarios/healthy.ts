/** When all is well, or was not and is again, no rule may fire. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size, type World } from '../world.ts'
import { refreshesWork } from './token.ts'

const NIGHT = 10 * 60

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  group: 'billing',
  conditions: { handled: 2 },
  ...more,
})

/** Every failure counter has something to count, from long ago. */
export function failsOnce(world: World): void {
  for (const process of world.of('orders').slice(0, 1)) {
    process.refuse('access_denied')
    process.lose(100, 'connection_refused')
    process.crash('request_timeout', true)
    for (let time = 0; time < 4; time += 1) process.crash('request_timeout', true)
    for (let time = 0; time < 20; time += 1) process.refuse('too_many_connects')
    process.conditions.refreshFails = 'sts_unreachable'
  }
}

/** The scenarios for a service of so many processes. */
export function healthyScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    { name: `two good hours, ${of}`, rule: '', minutes: 150, fleets: [fleet(processes, { chance: 1 })] },
    {
      name: `a deploy, ${of}`,
      rule: '',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [[40, (world) => world.deploy(fleet(processes))]],
    },
    {
      name: `a deploy in which every process is throttled for a minute, ${of}`,
      rule: '',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [
        [
          40,
          (world) => world.deploy(fleet(processes, { conditions: { refused: { too_many_connects: 0.5 } } })),
        ],
        [41, each(({ conditions }) => (conditions.refused = {}))],
      ],
    },
    {
      name: `scaled to zero and back, ${of}`,
      rule: '',
      minutes: 150,
      fleets: [fleet(processes)],
      events: [
        [30, (world) => world.stop(world.of('orders'))],
        [120, (world) => world.start(fleet(processes))],
      ],
    },
    {
      name: `processes that start again under the same service.instance.id, ${of}`,
      rule: '',
      minutes: 120,
      fleets: [fleet(processes)],
      events: [[60, each((process, { now }) => process.restart(now))]],
    },
    {
      name: `a lost scrape, and three in a row, long after failures of every kind, ${of}`,
      rule: '',
      minutes: 150,
      quietFrom: 60,
      fleets: [fleet(processes)],
      events: [
        [10, failsOnce],
        [12, refreshesWork],
        [90, (world) => world.loseScrapes(1)],
        [110, (world) => world.loseScrapes(3)],
      ],
    },
    {
      name: `an idle night: nobody publishes, nothing comes, ${of}`,
      rule: '',
      minutes: NIGHT,
      quietFrom: 60,
      fleets: [fleet(processes)],
      events: [
        [10, failsOnce],
        [12, refreshesWork],
        [30, each(({ conditions }) => Object.assign(conditions, { published: 0, handled: 0 }))],
      ],
    },
  ]
}
