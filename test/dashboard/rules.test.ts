import { describe, expect, test } from 'vitest'
import { RUNBOOK } from '../../scripts/dashboard/links.ts'
import { alerts, threshold } from '../../scripts/dashboard/thresholds.ts'
import { rules } from './known-names.ts'

describe('the alert rules', () => {
  const ruleOf = (name: string) => rules.find(({ alert }) => alert === name)
  const numbersIn = (name: string) =>
    [...(ruleOf(name)?.expr ?? '').matchAll(/[<>]=? (?:14\.4 \* |6 \* )?[\d.]+/g)].map(([text]) => text)

  test('are those that the dashboard knows', () => {
    expect(
      rules.flatMap(({ alert }) => alert ?? []).filter((name) => !alerts.includes(name as never)),
    ).toEqual([])
  })

  test.each([
    ['MskIamCredentialsExpiring', `< ${threshold.credentialsSeconds}`],
    ['MskIamReauthenticationStorm', `> ${threshold.authenticationsPerSecond}`],
    ['MskIamConnectionThrottled', `> ${threshold.throttledShare}`],
    ['MskIamPublishFailing', '> 14.4 * 0.001'],
    ['MskIamPublishFailingSlowly', '> 6 * 0.001'],
    ['MskIamPublishSlow', `> ${threshold.publishSeconds}`],
    ['MskIamConsumerBehind', `> ${threshold.behindSeconds}`],
  ])('%s draws its line where the dashboard does: %s', (name, line) => {
    expect(numbersIn(name)).toContain(line)
  })

  test('those of burn rates and of token life are the same numbers', () => {
    const { fast, slow } = threshold.publishFailures
    expect(fast).toBeCloseTo(14.4 * 0.001, 9)
    expect(slow).toBeCloseTo(6 * 0.001, 9)
    expect(ruleOf('MskIamTokenExpiring')?.expr).toContain(`< ${threshold.tokenShare} *`)
    expect(threshold.tokenSeconds).toBe(threshold.tokenShare * 900)
  })

  test('lead to the runbook that the dashboard leads to', () => {
    const urls = rules.flatMap(({ annotations }) => annotations?.['runbook_url'] ?? [])
    expect(urls.length).toBeGreaterThan(0)
    expect(urls.filter((url) => !url.startsWith(`${RUNBOOK}#`))).toEqual([])
  })
})
