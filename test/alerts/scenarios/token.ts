/** Tokens that cannot be renewed, and the credentials behind them. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({ service: 'orders', processes, ...more })
const refreshesFail = (code: string) => each(({ conditions }) => (conditions.refreshFails = code))
const refreshesWork = each(({ conditions }) => (conditions.refreshFails = undefined))

const failing = (error_type: string) => ({
  alert: 'MskIamTokenRefreshFailing',
  labels: { error_type, msk_iam_provider_name: 'default', severity: 'critical' },
})

export function tokenScenarios(processes: number): Scenario[] {
  return [
    {
      // The first refresh of the slowest process fails 9.8 minutes after the last that worked: 5.2 minutes of life left.
      name: `STS goes down: it fires with two minutes of token life left, and resolves when STS is back, ${size(processes)}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 110,
      fleets: [fleet(processes)],
      events: [
        [60, refreshesFail('sts_unreachable')],
        [75, refreshesWork],
      ],
      fires: [{ ...failing('sts_unreachable'), after: 60, by: 72, through: 75, resolvedBy: 83 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamSignerRetriesRising', 'MskIamCredentialsExpiring'],
    },
    {
      name: `it fires for the first failure that there ever was, in a process that just started, ${size(processes)}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 20,
      fleets: [fleet(processes, { conditions: { refreshFails: 'assume_role_denied' } })],
      fires: [{ ...failing('assume_role_denied'), after: 0, by: 4, through: 20 }],
      alsoFires: ['MskIamTokenExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `STS is down for half a minute: silence, ${size(processes)}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [
        [36.5, refreshesFail('sts_unavailable')],
        [37, refreshesWork],
      ],
    },
    {
      name: `without a timer one failure is enough, and a token that runs out is nothing, ${size(processes)}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 100,
      fleets: [fleet(processes, { backgroundRefresh: false })],
      events: [[60, refreshesFail('sso_session_expired')]],
      fires: [{ ...failing('sso_session_expired'), after: 60, by: 94 }],
      alsoFires: ['MskIamCredentialsExpiring', 'MskIamSignerRetriesRising'],
    },
    {
      name: `a provider that was closed while refreshes failed is nobody's worry, ${size(processes)}`,
      rule: 'MskIamTokenRefreshFailing',
      minutes: 60,
      fleets: [fleet(processes), { service: 'other', processes: 1 }],
      events: [
        [30, refreshesFail('sts_unreachable')],
        [30, (world) => world.stop(world.of('orders'))],
      ],
    },
    {
      name: `refreshes fail until the token ends: it fires before that, ${size(processes)}`,
      rule: 'MskIamTokenExpiring',
      minutes: 110,
      fleets: [fleet(processes)],
      events: [
        [60, refreshesFail('sts_unreachable')],
        [80, refreshesWork],
      ],
      fires: [
        {
          alert: 'MskIamTokenExpiring',
          labels: { msk_iam_provider_name: 'default', severity: 'critical' },
          after: 60,
          by: 73.5,
          through: 80,
          resolvedBy: 85,
        },
      ],
      alsoFires: ['MskIamTokenRefreshFailing', 'MskIamSignerRetriesRising', 'MskIamCredentialsExpiring'],
    },
    ...[60, 120, 300].map((tokenLife) => ({
      name: `tokens of ${tokenLife} s that are renewed in time: silence, ${size(processes)}`,
      rule: 'MskIamTokenExpiring',
      minutes: 40,
      fleets: [fleet(processes, { tokenLife })],
    })),
    {
      name: `a timer that has died: neither success nor failure for longer than a token lives, ${size(processes)}`,
      rule: 'MskIamTokenNotRefreshed',
      minutes: 120,
      fleets: [fleet(processes)],
      events: [
        [50, each(({ conditions }) => (conditions.timerDead = true))],
        [100, (world) => world.deploy(fleet(processes))],
      ],
      fires: [
        {
          alert: 'MskIamTokenNotRefreshed',
          labels: { msk_iam_provider_name: 'default', severity: 'warning' },
          after: 65,
          by: 74,
          through: 99,
          resolvedBy: 110,
        },
      ],
      alsoFires: ['MskIamTokenExpiring', 'MskIamCredentialsExpiring'],
    },
    {
      name: `credentials that their source does not renew: it fires while tokens can still be signed, ${size(processes)}`,
      rule: 'MskIamCredentialsExpiring',
      minutes: 90,
      fleets: [fleet(processes, { conditions: { credentialsFixed: true } })],
      events: [[70, (world) => world.deploy(fleet(processes))]],
      fires: [
        {
          alert: 'MskIamCredentialsExpiring',
          labels: { msk_iam_provider_name: 'default', severity: 'critical' },
          after: 56,
          by: 59.5,
          through: 65,
          resolvedBy: 77,
        },
      ],
      alsoFires: ['MskIamTokenExpiring', 'MskIamTokenNotRefreshed'],
    },
    {
      name: `every refresh needs a retry: it fires although every refresh succeeds, ${size(processes)}`,
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
      name: `one retry in an hour: silence, ${size(processes)}`,
      rule: 'MskIamSignerRetriesRising',
      minutes: 120,
      fleets: [fleet(processes)],
      events: [
        [40, each(({ conditions }) => (conditions.signerRetries = 1))],
        [49, each(({ conditions }) => (conditions.signerRetries = 0))],
      ],
    },
  ]
}
