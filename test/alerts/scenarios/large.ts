/** A thousand processes: what happens to one of them is told, and what is usual in a fleet is not. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, type World } from '../world.ts'
import { failsOnce } from './healthy.ts'
import { refreshesWork } from './token.ts'

const PROCESSES = 1000
const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  publishes: false,
  ...more,
})
const first = (world: World) => world.of('orders')[0]

export const largeScenarios: readonly Scenario[] = [
  {
    // promtool refuses queries of more than 10 000 samples: a hundred at a time.
    name: 'a deploy of 1000 processes, a hundred at a time',
    rule: '',
    minutes: 75,
    fleets: [fleet(PROCESSES)],
    events: Array.from({ length: 10 }, (_, times) => [
      10 + 6 * times,
      (world) => {
        world.stop(world.of('orders').slice(0, PROCESSES / 10))
        world.start(fleet(PROCESSES / 10))
      },
    ]),
  },
  {
    name: 'a lost scrape, a restart under the same service.instance.id, and the end of all 1000 processes',
    rule: '',
    minutes: 66,
    quietFrom: 34,
    fleets: [fleet(PROCESSES)],
    events: [
      [4, failsOnce],
      [6, refreshesWork],
      [36, (world) => world.loseScrapes(1)],
      [40, each((process, { now }) => process.restart(now))],
      [50, (world) => world.stop(world.of('orders'))],
    ],
  },
  {
    name: 'three idle hours of 1000 processes',
    rule: '',
    minutes: 180,
    quietFrom: 34,
    fleets: [fleet(PROCESSES)],
    events: [
      [4, failsOnce],
      [6, refreshesWork],
    ],
  },
  {
    name: 'one of 1000 processes cannot renew its token',
    rule: 'MskIamTokenRefreshFailing',
    minutes: 36,
    fleets: [fleet(PROCESSES, { chance: 0 })],
    events: [
      [
        21.5,
        (world) => {
          for (const { conditions } of world.of('orders').slice(0, 1))
            conditions.refreshFails = 'assume_role_denied'
        },
      ],
    ],
    fires: [
      {
        alert: 'MskIamTokenRefreshFailing',
        labels: { error_type: 'assume_role_denied' },
        after: 28,
        by: 32,
        through: 36,
      },
    ],
    alsoFires: ['MskIamTokenExpiring'],
  },
  {
    name: 'one of 1000 processes is refused, once',
    rule: 'MskIamAuthenticationRefused',
    minutes: 40,
    fleets: [fleet(PROCESSES)],
    events: [[10, (world) => first(world)?.refuse('access_denied')]],
    fires: [
      {
        alert: 'MskIamAuthenticationRefused',
        labels: { error_type: 'access_denied' },
        after: 10,
        by: 12,
        through: 24,
        resolvedBy: 30,
      },
    ],
  },
]
