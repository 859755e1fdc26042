/** Consumers that have ended, crash again and again, or are behind. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  group: 'billing',
  ...more,
  conditions: { handled: 2, ...more.conditions },
})
const group = { messaging_consumer_group_name: 'billing' }

export function consumerScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    {
      name: `a consumer has ended: it fires, and stays until the process is replaced, ${of}`,
      rule: 'MskIamConsumerEnded',
      minutes: 150,
      fleets: [fleet(processes)],
      events: [
        [
          30,
          (world) => {
            for (const process of world.of('orders').slice(0, 1)) {
              process.crash('access_denied', false)
              process.conditions.handled = 0
            }
          },
        ],
        [120, (world) => world.deploy(fleet(processes))],
      ],
      fires: [
        {
          alert: 'MskIamConsumerEnded',
          labels: { ...group, error_type: 'access_denied', severity: 'critical' },
          after: 30,
          by: 38,
          through: 119,
          resolvedBy: 130,
        },
      ],
    },
    {
      name: `a consumer ended and was started again in the same process: it goes when messages are handled, ${of}`,
      rule: 'MskIamConsumerEnded',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [
        [
          30,
          (world) => {
            for (const process of world.of('orders')) {
              process.crash('access_denied', false)
              process.conditions.handled = 0
            }
          },
        ],
        [45, each(({ conditions }) => (conditions.handled = 2))],
      ],
      fires: [
        {
          alert: 'MskIamConsumerEnded',
          labels: { ...group, error_type: 'access_denied', severity: 'critical' },
          after: 30,
          by: 38,
          through: 44.5,
          resolvedBy: 50,
        },
      ],
    },
    {
      name: `a consumer has ended, and its process with it, and another takes its place: silence, ${of}`,
      rule: 'MskIamConsumerEnded',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [
        [
          30,
          (world) => {
            const ended = world.of('orders').slice(0, 1)
            for (const process of ended) process.crash('access_denied', false)
            world.stop(ended)
            world.start(fleet(1))
          },
        ],
      ],
    },
    {
      name: `processes end with their consumer, and the next ones handle nothing either: it fires, ${of}`,
      rule: 'MskIamConsumerEnded',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [30, 32, 34, 36, 38, 40].map((minute) => [
        minute,
        (world) => {
          for (const process of world.of('orders')) process.crash('TOPIC_AUTHORIZATION_FAILED', false)
          world.deploy(fleet(processes, { conditions: { handled: minute < 40 ? 0 : 2 } }))
        },
      ]),
      fires: [
        {
          alert: 'MskIamConsumerEnded',
          labels: { ...group, error_type: 'TOPIC_AUTHORIZATION_FAILED', severity: 'critical' },
          after: 32,
          by: 38,
          through: 41,
          resolvedBy: 47,
        },
      ],
    },
    {
      name: `a handler that fails on one message again and again: it fires, and goes 20 minutes later, ${of}`,
      rule: 'MskIamConsumerCrashing',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [30, 31, 32, 33, 34].map((minute) => [
        minute,
        (world) => world.of('orders')[0]?.crash('RangeError', true),
      ]),
      fires: [
        {
          alert: 'MskIamConsumerCrashing',
          labels: { ...group, error_type: 'RangeError', severity: 'warning' },
          after: 32,
          by: 36,
          through: 45,
          resolvedBy: 52,
        },
      ],
    },
    {
      name: `three crashes that kafkajs recovers from: silence, ${of}`,
      rule: 'MskIamConsumerCrashing',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [30, 31, 32].map((minute) => [
        minute,
        (world) => world.of('orders')[0]?.crash('RangeError', true),
      ]),
    },
    {
      name: `more comes than is handled: it fires when the backlog takes longer than ten minutes, ${of}`,
      rule: 'MskIamConsumerBehind',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [
        [20, each(({ conditions }) => (conditions.fallsBehind = 2))],
        [50, each(({ conditions }) => (conditions.fallsBehind = -4))],
      ],
      fires: [
        {
          alert: 'MskIamConsumerBehind',
          labels: { ...group, messaging_destination_name: 'orders', severity: 'warning' },
          after: 35,
          by: 46,
          through: 50,
          resolvedBy: 64,
        },
      ],
    },
    {
      name: `a handler that hangs while messages wait: it fires, ${of}`,
      rule: 'MskIamConsumerBehind',
      minutes: 80,
      fleets: [fleet(processes)],
      events: [[20, each(({ conditions }) => Object.assign(conditions, { handled: 0, fallsBehind: 2 }))]],
      fires: [
        {
          alert: 'MskIamConsumerBehind',
          labels: { ...group, messaging_destination_name: 'orders', severity: 'warning' },
          after: 30,
          by: 52,
          through: 80,
        },
      ],
    },
    ...waiting(processes),
  ]
}

/** A backlog that is there from one moment on, and does not change. */
function waiting(processes: number): Scenario[] {
  const stays = (messages: number, handled: number, minute = 20): Scenario['events'] => [
    [
      minute,
      each(({ conditions }) =>
        Object.assign(conditions, { fallsBehind: messages / 30 / processes, handled: handled / processes }),
      ),
    ],
    [minute + 0.5, each(({ conditions }) => (conditions.fallsBehind = 0))],
  ]
  const slow = (messages: number, busy: number): Scenario['events'] => [
    ...(stays(messages, 1) ?? []),
    [20, each(({ conditions }) => (conditions.busy = busy))],
  ]
  const of = size(processes)
  const behind = {
    alert: 'MskIamConsumerBehind',
    labels: { ...group, messaging_destination_name: 'orders', severity: 'warning' },
  }
  const scenario = (
    name: string,
    fleets: Fleet[],
    events: Scenario['events'],
    fires: Scenario['fires'] = [],
  ): Scenario => ({
    name: `${name}, ${of}`,
    rule: 'MskIamConsumerBehind',
    minutes: 60,
    fleets,
    ...(events && { events }),
    fires,
  })
  const handling = (rate: number) => [fleet(processes, { conditions: { handled: rate / processes } })]
  return [
    scenario('a backlog of seven minutes: silence', handling(3), stays(1300, 3)),
    scenario('800 messages that take hours: silence', handling(0.1), stays(800, 0.1)),
    scenario('150 messages wait and none is handled: it fires', handling(2), stays(150, 0), [
      { ...behind, after: 30, by: 43, through: 60 },
    ]),
    scenario(
      'a handler that does not rest, and 150 messages by the last fetch: it fires',
      handling(2),
      slow(150, 1),
      [{ ...behind, after: 35, by: 47, through: 60 }],
    ),
    scenario('a handler that rests half of its time: silence', handling(2), slow(500, 0.5)),
    scenario('a handler that does not rest, and next to nothing waits: silence', handling(2), slow(80, 1)),
    scenario(
      '80 offsets are left, as markers of transactions leave them: silence',
      handling(2),
      stays(80, 0),
    ),
    scenario('1500 messages wait and none was ever handled: it fires', handling(0), stays(1500, 0, 10), [
      { ...behind, after: 20, by: 23, through: 60 },
    ]),
    scenario('800 messages wait and none was handled yet: silence', handling(0), stays(800, 0, 10)),
  ]
}
