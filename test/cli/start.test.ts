import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OLDEST_NODE, requireNode } from '../../src/cli/node-version.ts'
import { requirePackages } from '../../src/cli/required-packages.ts'

test('the oldest Node is that of package.json', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(`>=${OLDEST_NODE}`).toBe(`${engines.node}.0`)
})

test.each(['22.15.0', '22.16.1', '24.0.0', '100.0.0'])('runs on Node %s', (version) => {
  expect(() => requireNode(version)).not.toThrow()
})

test.each(['22.14.9', '20.20.2', '9.99.99'])('says that Node %s is too old', (version) => {
  expect(() => requireNode(version)).toThrow(
    `kafka-iam-otel needs Node 22.15.0 or newer; this is Node ${version}.`,
  )
})

test('names every missing package, and both ways to get them', async () => {
  const needed = { kafkajs: 'the client', 'no-such-package': 'does this', '@no/such': 'does that' }
  await expect(requirePackages('demo', needed)).rejects.toThrow(
    new Error(
      [
        'kafka-iam-otel demo needs packages that are not installed:',
        '  no-such-package (does this)',
        '  @no/such (does that)',
        '',
        'Add them:    npm install no-such-package @no/such',
        'Or just try: npx -p kafka-iam-otel -p kafkajs -p no-such-package -p @no/such kafka-iam-otel demo',
      ].join('\n'),
    ),
  )
})
