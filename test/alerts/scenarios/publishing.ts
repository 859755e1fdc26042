/** Messages that are lost, or late. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  ...more,
})
const critical = { alert: 'MskIamPublishFailing', labels: { severity: 'critical' } }
const warning = { alert: 'MskIamPublishFailingSlowly', labels: { severity: 'warning' } }

/** A service's messages, however many processes it has. */
const traffic = (processes: number, published: number, lost: Record<string, number> = {}) =>
  each(({ conditions }) => {
    conditions.published = published / processes
    conditions.lost = Object.fromEntries(Object.entries(lost).map(([code, rate]) => [code, rate / processes]))
  })

export function publishingScenarios(processes: number): Scenario[] {
  const of = size(processes)
  const service = (published: number, lost: Record<string, number> = {}, latency = 0.02) => [
    fleet(processes, {
      conditions: {
        published: published / processes,
        lost: Object.fromEntries(Object.entries(lost).map(([code, rate]) => [code, rate / processes])),
        latency,
      },
    }),
  ]
  return [
    {
      name: `every message is lost: it fires within four minutes, and goes although one in 100 goes on being lost, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: service(2),
      events: [
        [30, traffic(processes, 0, { access_denied: 2 })],
        [36, traffic(processes, 2, { access_denied: 0.02 })],
      ],
      fires: [{ ...critical, after: 30, by: 34, through: 36, resolvedBy: 44 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `a new service that never publishes anything: it fires, although nothing ever succeeded, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 20,
      fleets: service(0, { TOPIC_AUTHORIZATION_FAILED: 0.5 }),
      fires: [{ ...critical, after: 0, by: 4, through: 20 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `one batch of 1000, the first failure ever, is lost: it fires, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: service(2),
      events: [[30, (world) => world.of('orders')[0]?.lose(1000, 'delivery_timeout')]],
      fires: [{ ...critical, after: 30, by: 32, through: 34, resolvedBy: 40 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `one message in 50 is lost: it fires, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 75,
      fleets: service(2),
      events: [[10, traffic(processes, 1.96, { request_timeout: 0.04 })]],
      fires: [{ ...critical, after: 10, by: 70 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `a service of one message in a minute loses all of them: it fires within five minutes, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 50,
      fleets: service(1 / 60),
      events: [[30, traffic(processes, 0, { connection_refused: 1 / 60 })]],
      fires: [{ ...critical, after: 32, by: 37 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `two messages are lost in five minutes in which nothing else is sent: silence, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: service(0.02),
      events: [
        [30, traffic(processes, 0)],
        [37, (world) => world.of('orders')[0]?.lose(2, 'delivery_timeout')],
      ],
    },
    {
      name: `a service of two messages in a minute loses half of them: it fires after ten, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 60,
      fleets: service(2 / 60),
      events: [[30, traffic(processes, 1 / 60, { connection_refused: 1 / 60 })]],
      fires: [{ ...critical, after: 38, by: 46 }],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `one bad half minute in an hour, which the objective allows: silence, ${of}`,
      rule: 'MskIamPublishFailing',
      minutes: 90,
      fleets: service(2),
      events: [
        [62, traffic(processes, 0, { connection_closed: 2 })],
        [62.5, traffic(processes, 2)],
      ],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
    {
      name: `one message in 150 is lost for hours: the slow one fires, and goes although one in 250 goes on being lost, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 260,
      fleets: service(2),
      events: [
        [30, traffic(processes, 1.984, { request_timeout: 0.016 })],
        [200, traffic(processes, 1.992, { request_timeout: 0.008 })],
      ],
      fires: [{ ...warning, after: 45, by: 150, through: 200, resolvedBy: 235 }],
    },
    {
      name: `two hours of losing one message in 80, on a day without any other: silence, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 420,
      fleets: service(2),
      events: [
        [300, traffic(processes, 1.975, { request_timeout: 0.025 })],
        [390, traffic(processes, 2)],
      ],
    },
    {
      name: `nine lost messages of a service that publishes little: silence, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 100,
      fleets: service(0.02),
      events: [[60, (world) => world.of('orders')[0]?.lose(9, 'delivery_timeout')]],
    },
    {
      name: `three messages in an hour are lost of a service that publishes little: the slow one fires in the end, ${of}`,
      rule: 'MskIamPublishFailingSlowly',
      minutes: 290,
      fleets: service(0.02),
      events: Array.from({ length: 13 }, (_, times) => [
        20 + 20 * times,
        (world) => world.of('orders')[0]?.lose(1, 'delivery_timeout'),
      ]),
      fires: [{ ...warning, after: 195, by: 215, through: 280 }],
    },
    {
      name: `one send in ten takes more than a second: it fires, and goes when they are quick again, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 70,
      fleets: service(0.05 * processes),
      events: [
        [20, each(({ conditions }) => (conditions.latency = 0.6))],
        [40, each(({ conditions }) => (conditions.latency = 0.02))],
      ],
      fires: [
        {
          alert: 'MskIamPublishSlow',
          labels: { severity: 'warning' },
          after: 24,
          by: 38,
          through: 40,
          resolvedBy: 52,
        },
      ],
    },
    {
      name: `sends take 0.4 s: silence, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 30,
      fleets: service(2, {}, 0.4),
    },
    {
      name: `fifteen slow sends in ten minutes: silence, ${of}`,
      rule: 'MskIamPublishSlow',
      minutes: 60,
      fleets: service(0.025, {}, 3),
    },
  ]
}
