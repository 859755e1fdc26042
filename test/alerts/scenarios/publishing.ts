/** Messages that are lost, or late. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({ service: 'orders', processes, ...more })
const critical = { alert: 'MskIamPublishFailing', labels: { severity: 'critical' } }
const warning = { alert: 'MskIamPublishFailingSlowly', labels: { severity: 'warning' } }

export function publishingScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    {
      name: `every message is lost: it fires within four minutes, and goes soon after, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [
        [30, each(({ conditions }) => Object.assign(conditions, { published: 0, lost: { access_denied: 2 } }))],
        [36, each(({ conditions }) => Object.assign(conditions, { published: 2, lost: {} }))],
      ],
      fires: [{ ...critical, after: 30, by: 34, through: 36, resolvedBy: 44 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `a new service that never publishes anything: it fires, although nothing ever succeeded, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 20,
      fleets: [fleet(processes, { conditions: { published: 0, lost: { TOPIC_AUTHORIZATION_FAILED: 0.5 } } })],
      fires: [{ ...critical, after: 0, by: 4, through: 20 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `one batch of 1000, the first failure ever, is lost: it fires, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [[30, (world) => world.of('orders')[0]?.lose(1000 * processes, 'delivery_timeout')]],
      fires: [{ ...critical, after: 30, by: 32, through: 34, resolvedBy: 40 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `nine lost messages of a service that publishes little: silence, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: [fleet(processes, { conditions: { published: 0.1 / processes } })],
      events: [[30, (world) => world.of('orders')[0]?.lose(9, 'delivery_timeout')]],
    },
    {
      name: `one message in 150 is lost for some hours: the slow one fires, the fast one does not, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 300,
      fleets: [fleet(processes)],
      events: [
        [30, each(({ conditions }) => (conditions.lost = { request_timeout: 0.016 }))],
        [250, each(({ conditions }) => (conditions.lost = {}))],
      ],
      fires: [{ ...warning, after: 45, by: 150, through: 250, resolvedBy: 285 }],
    },
    {
      name: `one message in 250 is lost, which the objective allows for a while: silence, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 200,
      fleets: [fleet(processes)],
      events: [[30, each(({ conditions }) => (conditions.lost = { request_timeout: 0.008 }))]],
    },
    {
      name: `one message in 100 is lost: not yet the fast one, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 120,
      fleets: [fleet(processes, { conditions: { lost: { request_timeout: 0.02 } } })],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `sends take two seconds: it fires, and goes when they are quick again, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 70,
      fleets: [fleet(processes)],
      events: [
        [20, each(({ conditions }) => (conditions.latency = 2))],
        [40, each(({ conditions }) => (conditions.latency = 0.02))],
      ],
      fires: [{ alert: 'MskIamPublishSlow', labels: { severity: 'warning' }, after: 24, by: 36, through: 40, resolvedBy: 52 }],
    },
    {
      name: `sends take 0.6 s: silence, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 40,
      fleets: [fleet(processes, { conditions: { latency: 0.4 } })],
    },
    {
      name: `a handful of slow sends in an hour: silence, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 60,
      fleets: [fleet(processes, { conditions: { published: 1 / 60 / processes, latency: 3 } })],
    },
  ]
}
