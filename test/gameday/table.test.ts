import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Fault, Outcome } from '../../gameday/fault.ts'
import { markdownTable, textTable, writeBetweenMarkers } from '../../gameday/table.ts'

const fault: Fault = {
  name: 'deny',
  what: '`Access denied`',
  alert: 'MskIamAuthenticationRefused',
  code: 'access_denied',
  service: {},
  inject: () => undefined,
  clear: () => undefined,
  alertsWithin: 1,
  resolvesWithin: 1,
}

const full: Outcome = {
  fault,
  secondsToAlert: 65.4,
  secondsToResolve: 930,
  tokenSeconds: 839.2,
  lost: 3,
  published: 97,
  codeInTrace: true,
  others: ['MskIamPublishFailing'],
  problems: [],
}

const rowOf = (outcome: Outcome) => markdownTable([outcome]).split('\n').at(-1)

test('a row tells times, losses, code and token life, and what else fired', () => {
  expect(rowOf(full)).toBe(
    '| `Access denied` | MskIamAuthenticationRefused | 1 min 5 s | 3 of 100 | `access_denied` | 839 s | 15 min 30 s | PublishFailing |',
  )
})

test('an alert that did not come is said; its trace was not looked for', () => {
  expect(rowOf({ fault, others: [], problems: ['waited in vain'] })).toBe(
    '| `Access denied` | MskIamAuthenticationRefused | none | – | – | – | – | – |',
  )
})

test('a trace that was not found is said', () => {
  expect(rowOf({ ...full, codeInTrace: false })).toContain('| no `access_denied` |')
})

test('a consumer publishes nothing, so it loses nothing', () => {
  const worker = {
    ...full,
    fault: { ...fault, service: { program: 'examples/consumer-worker.ts' as const } },
  }
  expect(rowOf(worker)).toContain('| 1 min 5 s | – |')
})

test('in a terminal the columns stand under each other', () => {
  const [head = '', row = ''] = textTable([full]).split('\n')
  expect(row.indexOf('MskIamAuthenticationRefused')).toBe(head.indexOf('alert'))
  expect(row.indexOf('access_denied')).toBe(head.indexOf('code in trace'))
})

test('a page keeps what stands around the markers', () => {
  const page = join(mkdtempSync(join(tmpdir(), 'game-day-')), 'page.md')
  writeFileSync(page, 'before\n<!-- game day: begin -->\nold\n<!-- game day: end -->\nafter\n')
  writeBetweenMarkers(page, 'new')
  writeBetweenMarkers(page, 'newer')
  expect(readFileSync(page, 'utf8')).toBe(
    'before\n<!-- game day: begin -->\n\nnewer\n\n<!-- game day: end -->\nafter\n',
  )
})

test('a page without markers is an error that names them', () => {
  const page = join(mkdtempSync(join(tmpdir(), 'game-day-')), 'page.md')
  writeFileSync(page, 'nothing')
  expect(() => writeBetweenMarkers(page, 'x')).toThrow('<!-- game day: begin -->')
})
