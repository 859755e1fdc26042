/** Tokens that cannot be renewed, and the credentials behind them. */
import type { Event, Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  ...more,
})
export const refreshesFail = (code: string) => each(({ conditions }) => (conditions.refreshFails = code))
export const refreshesWork = each(({ conditions }) => (conditions.refreshFails = undefined))

const failing = (error_type: string) => ({
  alert: 'MskIamTokenRefreshFailing',
  labels: { error_type, msk_iam_provider_name: 'default', severity: 'critical' },
})

const credentialsEnd = {
  alert: 'MskIamCredentialsExpiring',
  labels: { msk_iam_provider_name: 'default', severity: 'critical' },
}

/** Each process lives for two minutes, and so for one refresh. */
const shortLives = (processes: number, needsRetry: (index: number) => boolean): Event[] =>
  Array.from({ length: 30 }, (_, index) => [
    10 + 2 * index,
    (world) => world.deploy(fleet(processes, { conditions: { signerRetries: needsRetry(index) ? 1 : 0 } })),
  ])

export function tokenScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    {
      // The earliest refresh fails 7 minutes after the last that worked, with 8 minutes of life left.
      name: `STS goes down: it fires with four and a half minutes of token life left, and resolves when STS is back, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 60,
      fleets: [fleet(processes, { chance: 0 })],
      events: [
        [21.5, refreshesFail('sts_unreachable')],
        [33, refreshesWork],
      ],
      fires: [{ ...failing('sts_unreachable'), after: 28, by: 31, through: 33, resolvedBy: 41 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      // 70 % of the time until the window: no process comes later. Its token of minute 19.6 ends at 34.6.
      name: `STS goes down when the slowest timer is due: it fires with two minutes of token life left, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 34,
      fleets: [fleet(processes, { chance: 1 })],
      events: [[20.5, refreshesFail('sts_unreachable')]],
      fires: [{ ...failing('sts_unreachable'), after: 26, by: 31.5 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `it fires for the first failure that there ever was, in a process that just started, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 20,
      fleets: [fleet(processes, { conditions: { refreshFails: 'assume_role_denied' } })],
      fires: [{ ...failing('assume_role_denied'), after: 0, by: 4, through: 20 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `STS is down for half a minute: silence, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 30,
      fleets: [fleet(processes)],
      events: [
        // Just when a timer is due.
        [9.5, refreshesFail('sts_unavailable')],
        [10, refreshesWork],
      ],
    },
    {
      name: `without a timer one failure is enough, and a token that runs out is none, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 70,
      fleets: [fleet(processes, { backgroundRefresh: false })],
      events: [[30, refreshesFail('sso_session_expired')]],
      fires: [{ ...failing('sso_session_expired'), after: 30, by: 64 }],
      alsoFires: ['MskIamCredentialsExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `a provider that was closed while refreshes failed is nobody's worry, ${of}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 60,
      fleets: [fleet(processes), { service: 'other', processes: 1 }],
      events: [
        [30, refreshesFail('sts_unreachable')],
        [30, (world) => world.stop(world.of('orders'))],
      ],
    },
    {
      name: `refreshes fail until the token ends: it fires before that, ${of}`,
      rule: 'MskIamTokenExpiring',
      minutes: 50,
      fleets: [fleet(processes, { chance: 1 })],
      events: [
        [20.5, refreshesFail('sts_unreachable')],
        [36, refreshesWork],
      ],
      fires: [
        {
          alert: 'MskIamTokenExpiring',
          labels: { msk_iam_provider_name: 'default', severity: 'critical' },
          after: 25,
          by: 31.5,
          through: 36,
          resolvedBy: 41,
        },
      ],
      alsoFires: ['MskIamTokenRefreshFailing', 'MskIamSignerRetriesRising'],
    },
    ...[60, 120, 300].map((tokenLife) => ({
      name: `tokens of ${tokenLife} s that are renewed in time: silence, ${of}`,
      rule: 'MskIamTokenExpiring',
      minutes: 40,
      fleets: [fleet(processes, { tokenLife })],
    })),
    {
      name: `a timer that has died: it fires before the token ends, without any failure, ${of}`,
      rule: 'MskIamTokenNotRefreshed',
      minutes: 60,
      fleets: [fleet(processes, { chance: 1 })],
      events: [
        [20.5, each(({ conditions }) => (conditions.timerDead = true))],
        [40, (world) => world.deploy(fleet(processes))],
      ],
      fires: [
        {
          alert: 'MskIamTokenNotRefreshed',
          labels: { msk_iam_provider_name: 'default', severity: 'critical' },
          after: 26,
          by: 34.5,
          through: 39,
          resolvedBy: 46,
        },
      ],
      alsoFires: ['MskIamTokenExpiring'],
    },
    {
      name: `credentials that their source does not renew: it fires before they end, ${of}`,
      rule: 'MskIamCredentialsExpiring',
      minutes: 80,
      fleets: [fleet(processes, { conditions: { credentialsFixed: true } })],
      events: [[65, (world) => world.deploy(fleet(processes))]],
      fires: [{ ...credentialsEnd, after: 58, by: 59.5, through: 64, resolvedBy: 71 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamTokenNotRefreshed'],
    },
    {
      name: `credentials cannot be renewed because STS is down: it fires with two and a half minutes left, ${of}`,
      rule: 'MskIamCredentialsExpiring',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [[40, refreshesFail('assume_role_denied')]],
      fires: [{ ...credentialsEnd, after: 55.8, by: 57.5 }],
      alsoFires: ['MskIamTokenRefreshFailing', 'MskIamTokenExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `every refresh needs a retry: it fires although every refresh succeeds, ${of}`,
      rule: 'MskIamSignerRetriesRising',
      minutes: 150,
      fleets: [fleet(processes)],
      events: [
        [40, each(({ conditions }) => (conditions.signerRetries = 1))],
        [90, each(({ conditions }) => (conditions.signerRetries = 0))],
      ],
      fires: [
        {
          alert: 'MskIamSignerRetriesRising',
          labels: { msk_iam_provider_name: 'default', severity: 'warning', error_type: 'sts_throttled' },
          after: 40,
          by: 75,
          through: 90,
          resolvedBy: 125,
        },
      ],
    },
    {
      name: `every third refresh needs a retry: silence, ${of}`,
      rule: 'MskIamSignerRetriesRising',
      minutes: 120,
      fleets: [fleet(processes, { chance: 0.9 })],
      events: [30, 58, 86].flatMap((minute) => [
        [minute, each(({ conditions }) => (conditions.signerRetries = 1))],
        [minute + 9.4, each(({ conditions }) => (conditions.signerRetries = 0))],
      ]),
    },
    {
      name: `each lives for one refresh, and every fourth needs a retry: silence, ${of}`,
      rule: 'MskIamSignerRetriesRising',
      minutes: 75,
      fleets: [fleet(processes)],
      events: shortLives(processes, (index) => index % 4 === 0),
    },
    {
      name: `each lives for one refresh, and three of four need a retry: it fires, ${of}`,
      rule: 'MskIamSignerRetriesRising',
      minutes: 75,
      fleets: [fleet(processes)],
      events: shortLives(processes, (index) => index % 4 !== 0),
      fires: [
        {
          alert: 'MskIamSignerRetriesRising',
          labels: { msk_iam_provider_name: 'default', severity: 'warning', error_type: 'sts_throttled' },
          after: 30,
          by: 50,
          through: 75,
        },
      ],
    },
  ]
}
