import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Step } from './support/loaded-in-order.ts'

const program = fileURLToPath(new URL('support/loaded-in-order.ts', import.meta.url))
// As OpenTelemetry says for ES modules.
const loaderHook =
  "data:text/javascript,import { register } from 'node:module'; " +
  `register('@opentelemetry/instrumentation/hook.mjs', '${import.meta.url}')`

/** What a process records that loads everything in this order. */
async function recorded(steps: readonly Step[]) {
  const args = ['--no-warnings', '--import', loaderHook, program, ...steps]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

const client: Step[] = ['our client', 'our producer']

test.each<[string, boolean, Step[]]>([
  ['ours first', true, ['our package', 'SDK started', 'their instrumentation', 'import kafkajs', ...client]],
  [
    'theirs first',
    true,
    ['SDK started', 'their instrumentation', 'import kafkajs', 'our package', ...client],
  ],
  ['by require', true, ['SDK started', 'their instrumentation', 'require kafkajs', 'our package', ...client]],
  [
    'kafkajs before theirs, and required again',
    true,
    ['import kafkajs', 'SDK started', 'their instrumentation', 'require kafkajs', 'our package', ...client],
  ],
  [
    'the SDK last',
    true,
    ['our package', 'their instrumentation', 'import kafkajs', ...client, 'SDK started'],
  ],
  [
    'theirs enabled after our client was created',
    true,
    [
      'SDK started',
      'their instrumentation',
      'theirs disabled',
      'import kafkajs',
      'our package',
      'our client',
      'theirs enabled',
      'our producer',
    ],
  ],
  [
    'theirs disabled after our producer was created',
    false,
    ['SDK started', 'their instrumentation', 'import kafkajs', 'our package', ...client, 'theirs disabled'],
  ],
  [
    'theirs never enabled',
    false,
    ['SDK started', 'their instrumentation, disabled', 'import kafkajs', 'our package', ...client],
  ],
])(
  '%s: a send is one span, ours, and each message is counted once',
  async (_order, theirsIsActive, steps) => {
    expect(await recorded(steps)).toEqual({
      theirsIsActive,
      spans: ['kafka-iam-otel: send orders'],
      sentMessages: [2],
    })
  },
  // Each is a process of its own.
  60_000,
)
