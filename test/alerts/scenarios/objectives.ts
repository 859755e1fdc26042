/** What the recording rules say of a service. */
import type { Scenario } from '../scenario.ts'
import { each, type Fleet, size } from '../world.ts'
import { refreshesFail, refreshesWork } from './token.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  ...more,
})

export function objectiveScenarios(processes: number): Scenario[] {
  const of = size(processes)
  const value = (record: string, minute: number, is: number) => ({
    expr: `service:msk_iam_${record}`,
    minute,
    value: is,
  })
  return [
    {
      name: `all is well: every objective is met, ${of}`,
      rule: 'objectives',
      minutes: 70,
      fleets: [fleet(processes)],
      values: [
        value('authentication_success:ratio1h', 70, 1),
        value('publish_success:ratio1h', 70, 1),
        value('token_fresh:ratio', 70, 1),
      ],
    },
    {
      name: `a tenth is refused and lost: nine tenths are met, ${of}`,
      rule: 'objectives',
      minutes: 70,
      fleets: [
        fleet(processes, {
          conditions: {
            authentications: 0.9,
            refused: { access_denied: 0.1 },
            published: 1.8,
            lost: { access_denied: 0.2 },
          },
        }),
      ],
      values: [value('authentication_success:ratio1h', 70, 0.9), value('publish_success:ratio1h', 70, 0.9)],
      alsoFires: [
        'MskIamAuthenticationRefused',
        'MskIamReauthenticationStorm',
        'MskIamPublishFailing',
        'MskIamPublishFailingSlowly',
      ],
    },
    {
      name: `nothing was ever accepted: nothing is met, ${of}`,
      rule: 'objectives',
      minutes: 10,
      fleets: [
        fleet(processes, {
          conditions: { authentications: 0, refused: { access_denied: 0.1 }, published: 0 },
        }),
      ],
      values: [value('authentication_success:ratio1h', 10, 0)],
      alsoFires: ['MskIamAuthenticationRefused'],
    },
    {
      name: `a token with a fifth of its life left is not fresh, ${of}`,
      rule: 'objectives',
      minutes: 33,
      fleets: [fleet(processes, { chance: 1 })],
      // The tokens of the slowest are of minute 19.6.
      events: [[20.5, each(({ conditions }) => (conditions.timerDead = true))]],
      values: [
        value('token_fresh:ratio', 26, 1),
        ...(processes === 1 ? [value('token_fresh:ratio', 32, 0)] : []),
      ],
      alsoFires: ['MskIamTokenExpiring', 'MskIamTokenNotRefreshed'],
    },
    {
      name: `what is counted in an hour is what happened in it, however long it has been going on, ${of}`,
      rule: 'objectives',
      minutes: 400,
      fleets: [
        fleet(processes, {
          conditions: {
            authentications: 0.1 / processes,
            published: 2 / processes,
            lost: { request_timeout: 0.01 / processes },
          },
        }),
      ],
      events: [
        [9.5, refreshesFail('sts_unavailable')],
        [10, refreshesWork],
      ],
      values: [
        value('authentications:increase1h', 400, 360),
        value('messages_published:increase1h', 400, 7200),
        value('messages_published:increase6h', 400, 43_200),
        value('messages_failed:increase1h', 400, 36),
        value('messages_failed:increase6h', 400, 216),
        {
          expr: 'sum by (service_name) (service:msk_iam_token_refresh_failures:increase15m)',
          minute: 400,
          value: 0,
        },
      ],
      alsoFires: ['MskIamPublishFailingSlowly'],
    },
  ]
}
