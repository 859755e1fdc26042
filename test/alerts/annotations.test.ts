/** What an alert says to whom it wakes: in the first scenario in which it fires and resolves, as soon as it has to. */
import { expect, test } from 'vitest'
import { runbookEntry } from '../../src/failures/runbook.ts'
import { alertRules, ruleFiles } from '../support/rules.ts'
import { testRules } from './promtool.ts'
import { testGroup } from './scenario.ts'
import { scenarios } from './scenarios.ts'

interface Said {
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly description: string
  /** The anchor that it leads to. */
  readonly runbook: string
}

const said: Readonly<Record<string, Said>> = {
  MskIamAuthenticationRefused: {
    labels: {
      error_type: 'access_denied',
      msk_iam_provider_name: 'default',
      service_name: 'orders',
      severity: 'critical',
    },
    summary: 'Brokers refuse orders: access_denied',
    description:
      'Brokers refused 1 authentication(s) of orders, provider default, in 15 minutes with access_denied.',
    runbook: 'access_denied',
  },
  MskIamReauthenticationStorm: {
    labels: { msk_iam_provider_name: 'default', service_name: 'orders', severity: 'warning' },
    summary: 'orders authenticates again and again',
    description: 'Each provider default of orders authenticated 210 times in 10 minutes.',
    runbook: 'mskiamreauthenticationstorm',
  },
  MskIamConnectionThrottled: {
    labels: { msk_iam_provider_name: 'default', service_name: 'orders', severity: 'warning' },
    summary: 'Brokers throttle the connections of orders',
    description:
      '28% of the authentications of orders, provider default, were answered "Too many connects" in 10 minutes.',
    runbook: 'too_many_connects',
  },
  MskIamConsumerEnded: {
    labels: {
      error_type: 'access_denied',
      messaging_consumer_group_name: 'billing',
      service_name: 'orders',
      severity: 'critical',
    },
    summary: 'A consumer of orders has ended: access_denied',
    description:
      '1 consumer(s) of orders in group billing ended with access_denied. kafkajs does not start them again: restart the process.',
    runbook: 'mskiamconsumerended',
  },
  MskIamConsumerCrashing: {
    labels: {
      error_type: 'RangeError',
      messaging_consumer_group_name: 'billing',
      service_name: 'orders',
      severity: 'warning',
    },
    summary: 'A consumer of orders crashes again and again: RangeError',
    description:
      'Consumers of orders in group billing crashed 5 times in 15 minutes with RangeError, and handle the same messages each time.',
    runbook: 'mskiamconsumercrashing',
  },
  MskIamConsumerBehind: {
    labels: {
      messaging_consumer_group_name: 'billing',
      messaging_destination_name: 'orders',
      service_name: 'orders',
      severity: 'warning',
    },
    summary: 'Group billing is behind on orders',
    description: '3120 messages of orders or more wait for group billing, which does not get them handled.',
    runbook: 'mskiamconsumerbehind',
  },
  MskIamPublishFailing: {
    labels: { service_name: 'orders', severity: 'critical' },
    summary: 'orders loses 80% of its messages',
    description: 'orders could not publish 80% of its messages. access_denied: 480.',
    runbook: 'mskiampublishfailing',
  },
  MskIamPublishFailingSlowly: {
    labels: { service_name: 'orders', severity: 'warning' },
    summary: 'orders loses some of its messages',
    description: 'orders could not publish 0.8056% of its messages in 30 minutes.',
    runbook: 'mskiampublishfailingslowly',
  },
  MskIamPublishSlow: {
    labels: { service_name: 'orders', severity: 'warning' },
    summary: 'orders publishes slowly',
    description: '5 % of the sends of orders take longer than 1.8 s.',
    runbook: 'mskiampublishslow',
  },
  MskIamTelemetryMissing: {
    labels: { service_name: 'orders', severity: 'warning' },
    summary: 'orders sends no telemetry any more',
    description:
      'orders sent metrics within the last hour and sends none now. It did not close its providers before.',
    runbook: 'mskiamtelemetrymissing',
  },
  MskIamCollectorDown: {
    labels: { instance: 'collector:8888', job: 'otelcol', severity: 'critical' },
    summary: 'The collector does not answer',
    description: 'Prometheus does not reach the collector: no alert about tokens or messages can fire.',
    runbook: 'mskiamcollectordown',
  },
  MskIamTelemetryDropped: {
    labels: { exporter: 'otlp_grpc/jaeger', severity: 'warning' },
    summary: 'The collector loses telemetry on its way to otlp_grpc/jaeger',
    description:
      'The collector gave up 100 spans, metric points or log records for otlp_grpc/jaeger in 15 minutes: what traces and alerts say is not whole.',
    runbook: 'mskiamtelemetrydropped',
  },
  MskIamTokenRefreshFailing: {
    labels: {
      error_type: 'sts_unreachable',
      msk_iam_provider_name: 'default',
      service_name: 'orders',
      severity: 'critical',
    },
    summary: 'orders cannot get new tokens: sts_unreachable',
    description:
      'Provider default of orders failed 10 times in 15 minutes to get a token, with sts_unreachable. The token in hand lives 5m 0s more, and publishing ends with it.',
    runbook: 'sts_unreachable',
  },
  MskIamTokenExpiring: {
    labels: { msk_iam_provider_name: 'default', service_name: 'orders', severity: 'critical' },
    summary: 'orders has a token that is about to end',
    description:
      'A token of provider default of orders lives 3m 36s more and was not renewed in time. Publishing ends with it.',
    runbook: 'mskiamtokenexpiring',
  },
  MskIamTokenNotRefreshed: {
    labels: { msk_iam_provider_name: 'default', service_name: 'orders', severity: 'critical' },
    summary: 'orders does not even try to renew its token',
    description:
      '1 process(es) of orders, provider default, let a token run out without one attempt to renew it.',
    runbook: 'mskiamtokennotrefreshed',
  },
  MskIamCredentialsExpiring: {
    labels: { msk_iam_provider_name: 'default', service_name: 'orders', severity: 'critical' },
    summary: 'orders has AWS credentials that are about to end',
    description:
      'The AWS credentials of provider default of orders live 1m 0s more, and their source gave no newer ones. Tokens end with them.',
    runbook: 'mskiamcredentialsexpiring',
  },
  MskIamSignerRetriesRising: {
    labels: {
      error_type: 'sts_throttled',
      msk_iam_provider_name: 'default',
      service_name: 'orders',
      severity: 'warning',
    },
    summary: 'orders gets tokens only after retries: sts_throttled',
    description:
      'Provider default of orders needed 1.0 retries for each refresh in 15 minutes, because of sts_throttled.',
    runbook: 'sts_throttled',
  },
}

const all = scenarios(1)
const groups = Object.entries(said).map(([alert, { labels, summary, description, runbook }]) => {
  const isShown = ({ alert: fires, resolvedBy }: { alert: string; resolvedBy?: number }) =>
    fires === alert && resolvedBy !== undefined
  const scenario = all.find(({ rule, fires = [] }) => rule === alert && fires.some(isShown))
  const firing = scenario?.fires?.find(isShown)
  if (!scenario || !firing) throw new Error(`No scenario shows ${alert}`)
  const exp_annotations = { summary, description, runbook_url: runbookEntry(runbook) }
  return {
    ...testGroup(scenario),
    name: alert,
    promql_expr_test: [],
    alert_rule_test: [
      {
        eval_time: `${firing.by * 60}s`,
        alertname: alert,
        exp_alerts: [{ exp_labels: labels, exp_annotations }],
      },
    ],
  }
})
const verdicts = (await testRules([{ name: 'annotations', rules: ruleFiles, groups }])).get('annotations')

test.each(Object.keys(said))('%s', (alert) => {
  expect(verdicts?.get(alert)).toBeUndefined()
})

test('every alert says something', () => {
  const alerts = alertRules.map(({ name }) => name)
  expect(Object.keys(said).sort()).toEqual(alerts.sort())
})
