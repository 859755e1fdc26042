/** Brokers that refuse, throttle, or end sessions too soon. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size, type World } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  ...more,
})
const provider = { msk_iam_provider_name: 'default' }
const refused = (error_type: string) => ({
  alert: 'MskIamAuthenticationRefused',
  labels: { ...provider, error_type, severity: 'critical' },
})
const first = (change: Parameters<typeof each>[0]) => (world: World) => {
  for (const process of world.of('orders').slice(0, 1)) change(process, world)
}

export function authenticationScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    {
      name: `one process is refused once, the first time ever: it fires at once, and is gone 20 minutes later, ${of}`,
      rule: 'MskIamAuthenticationRefused',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [[30, first((process) => process.refuse('access_denied'))]],
      fires: [{ ...refused('access_denied'), after: 30, by: 32, through: 44, resolvedBy: 50 }],
    },
    {
      name: `a second refusal hours after the first fires too, ${of}`,
      rule: 'MskIamAuthenticationRefused',
      minutes: 200,
      fleets: [fleet(processes)],
      quietFrom: 60,
      events: [
        [30, first((process) => process.refuse('access_denied'))],
        [150, first((process) => process.refuse('access_denied'))],
      ],
      fires: [{ ...refused('access_denied'), after: 30, by: 152, through: 164, resolvedBy: 170 }],
    },
    {
      name: `processes that are refused, end, and are started anew: it fires as long as that goes on, ${of}`,
      rule: 'MskIamAuthenticationRefused',
      minutes: 60,
      fleets: [fleet(processes)],
      events: Array.from({ length: 20 }, (_, times) => [
        20 + times,
        (world) => {
          world.kill(world.of('orders').splice(0, 1))
          for (const process of world.start(fleet(1))) {
            process.refuse('principal_changed')
            world.export(process)
          }
        },
      ]),
      fires: [{ ...refused('principal_changed'), after: 20, by: 22, through: 40, resolvedBy: 59 }],
    },
    {
      name: `invalid_signature twice: silence; four times in a quarter of an hour: it fires, ${of}`,
      rule: 'MskIamAuthenticationRefused',
      minutes: 90,
      fleets: [fleet(processes)],
      events: [20, 22, 50, 52, 54, 56].map((minute) => [
        minute,
        first((process) => process.refuse('invalid_signature')),
      ]),
      fires: [{ ...refused('invalid_signature'), after: 54, by: 56, through: 65, resolvedBy: 72 }],
    },
    {
      name: `connections that time out or break are not refusals, ${of}`,
      rule: 'MskIamAuthenticationRefused',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [
        [20, first((process) => process.refuse('connection_closed'))],
        [22, first((process) => process.refuse('authentication_timeout'))],
        [24, first((process) => process.refuse('too_many_connects'))],
      ],
    },
    {
      name: `sessions of a few seconds: it fires while every authentication succeeds, ${of}`,
      rule: 'MskIamReauthenticationStorm',
      minutes: 80,
      fleets: [fleet(processes)],
      events: [
        [20, each(({ conditions }) => (conditions.authentications = 0.35))],
        [50, each(({ conditions }) => (conditions.authentications = 3 / 900))],
      ],
      fires: [
        {
          alert: 'MskIamReauthenticationStorm',
          labels: { ...provider, severity: 'warning' },
          after: 35,
          by: 43,
          through: 50,
          resolvedBy: 60,
        },
      ],
    },
    {
      name: `a process with 100 connections, each renewed every 15 minutes, is no storm, ${of}`,
      rule: 'MskIamReauthenticationStorm',
      minutes: 50,
      fleets: [fleet(processes, { conditions: { authentications: 100 / 900 } })],
    },
    {
      name: `a quarter of all connections is throttled, for half an hour: it fires, and goes with the throttle, ${of}`,
      rule: 'MskIamConnectionThrottled',
      minutes: 80,
      fleets: [fleet(processes, { conditions: { authentications: 0.03 / processes } })],
      events: [
        [20, each(({ conditions }) => (conditions.refused = { too_many_connects: 0.0117 / processes }))],
        [50, each(({ conditions }) => (conditions.refused = {}))],
      ],
      fires: [
        {
          alert: 'MskIamConnectionThrottled',
          labels: { ...provider, severity: 'warning' },
          after: 36,
          by: 46,
          through: 50,
          resolvedBy: 61,
        },
      ],
    },
    {
      name: `every eighth connection is throttled once and then let in: silence, ${of}`,
      rule: 'MskIamConnectionThrottled',
      minutes: 50,
      fleets: [
        fleet(processes, { conditions: { authentications: 0.1, refused: { too_many_connects: 0.015 } } }),
      ],
    },
    {
      name: `four throttled connections in ten minutes, again and again: silence, ${of}`,
      rule: 'MskIamConnectionThrottled',
      minutes: 60,
      fleets: [
        fleet(processes, {
          conditions: { authentications: 1 / 900, refused: { too_many_connects: 4 / 600 / processes } },
        }),
      ],
    },
  ]
}
