/** The short game day, as a user runs it: about a minute. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { activeFaultTargets } from '../../scripts/fault.ts'
import { root } from './support/places.ts'

const run = promisify(execFile)
let rows: Record<string, string>[]

beforeAll(async () => {
  // The keys that its STS gives out go on record, for the leak test; the game day does not see it.
  const env = {
    ...process.env,
    RECORD_SECRETS_AS: 'gameday',
    NODE_OPTIONS: `--import=${new URL('./support/record-secrets.ts', import.meta.url).href}`,
  }
  const { stdout } = await run('npm', ['run', '--silent', 'gameday', '--', '--short'], { cwd: root, env })
  const [head = '', ...lines] = stdout.split('\n\n').at(-2)?.trim().split('\n') ?? []
  const cells = (line: string) => line.trim().split(/ {2,}/)
  rows = lines.map((line) => Object.fromEntries(cells(line).map((cell, index) => [cells(head)[index], cell])))
}, 180_000)

test('an STS outage raises its alert while the token lives, and costs no publish', () => {
  expect(rows.find(({ fault }) => fault === 'STS does not answer')).toMatchObject({
    alert: 'MskIamTokenRefreshFailing',
    'time to alert': expect.stringMatching(/^\d+ s$/),
    'publishes lost': expect.stringMatching(/^0 of \d{2,}$/),
    'code in trace': 'sts_unreachable',
    'token life left': expect.stringMatching(/^[1-9]\d* s$/),
    'time to resolve': expect.stringMatching(/^\d+ s$/),
  })
})

test('a denial raises its alert, which goes after it', () => {
  expect(rows.find(({ fault }) => fault === 'Access denied')).toMatchObject({
    alert: 'MskIamAuthenticationRefused',
    'time to alert': expect.stringMatching(/^\d+ s$/),
    'publishes lost': expect.stringMatching(/^[1-9]\d* of \d{2,}$/),
    'code in trace': 'access_denied',
    'time to resolve': expect.stringMatching(/^\d+ s$/),
  })
})

test('it leaves no fault, no identity and no rule behind', () => {
  expect(rows).toHaveLength(2)
  expect(activeFaultTargets()).toEqual([])
  expect(existsSync(`${root}stack/.state/identities.json`)).toBe(false)
  expect(readdirSync(`${root}stack/.state/rules`)).toEqual([])
})
