import { describe, expect, test } from 'vitest'
import { alerts, threshold } from '../../scripts/dashboard/thresholds.ts'
import { RUNBOOK } from '../../src/failures/runbook.ts'
import { alertRules } from '../support/rules.ts'

describe('the alert rules', () => {
  const ruleOf = (name: string) => alertRules.find((rule) => rule.name === name)
  const numbersIn = (name: string) =>
    [...(ruleOf(name)?.expr ?? '').matchAll(/[<>]=? [\d.]+/g)].map(([text]) => text)

  test('are those that the dashboard knows', () => {
    const names = alertRules.map(({ name }) => name)
    expect(names.filter((name) => !alerts.includes(name as never))).toEqual([])
  })

  test.each([
    ['MskIamCredentialsExpiring', `< ${threshold.credentialsSeconds.failing}`],
    ['MskIamCredentialsExpiring', `< ${threshold.credentialsSeconds.always}`],
    ['MskIamReauthenticationStorm', `> ${threshold.authenticationsIn10Minutes}`],
    ['MskIamConnectionThrottled', `> ${threshold.throttledShare}`],
    ['MskIamPublishFailing', `> ${threshold.publishFailures.fast}`],
    ['MskIamPublishFailingSlowly', `> ${threshold.publishFailures.slow}`],
    ['MskIamPublishSlow', `> ${threshold.publishSeconds}`],
    ['MskIamConsumerBehind', `> ${threshold.behindSeconds}`],
  ])('%s draws its line where the dashboard does: %s', (name, line) => {
    expect(numbersIn(name)).toContain(line)
  })

  test('the share of a token that is left is the same', () => {
    expect(ruleOf('MskIamTokenExpiring')?.expr).toContain(`< ${threshold.tokenShare} *`)
    expect(threshold.tokenSeconds).toBe(threshold.tokenShare * 900)
  })

  test('lead to the runbook that the dashboard leads to', () => {
    const urls = alertRules.flatMap(({ annotations }) => annotations['runbook_url'] ?? [])
    expect(urls.length).toBeGreaterThan(0)
    expect(urls.filter((url) => !url.startsWith(`${RUNBOOK}#`))).toEqual([])
  })
})
