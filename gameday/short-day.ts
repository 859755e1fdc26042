/** Two faults in a minute and a half: the same rules, with times that a test can wait for. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setFault } from '../scripts/fault.ts'
import { root } from '../test/stack/support/places.ts'
import { reloadPrometheus } from './check-stack.ts'
import type { Fault } from './fault.ts'
import { type Day, problemsOf, sideBySide } from './full-day.ts'
import { shortLabel, shortRules } from './short-rules.ts'
import { principalOf, type Stage } from './stage.ts'
import { broker, sts } from './switches.ts'

const rulesFolder = `${root}stack/prometheus/rules`
/** Prometheus reads what lies here, too. */
const ownFolder = `${root}stack/.state/rules`

export const isShort = (labels: Readonly<Record<string, string>>): boolean =>
  labels['game_day'] === shortLabel.game_day

export const shortFaults: readonly Fault[] = [
  {
    name: 'sts-down',
    what: 'STS does not answer',
    alert: 'MskIamTokenRefreshFailing',
    code: 'sts_unreachable',
    // A token of a minute is renewed every 8 to 10 s.
    service: { credentialSeconds: 60, ordersPerSecond: 5 },
    ...sts('down'),
    alertsWithin: 0.9,
    resolvesWithin: 1,
    promises: { mostLost: 0, leastTokenSeconds: 1 },
  },
  {
    name: 'deny',
    what: '`Access denied`',
    alert: 'MskIamAuthenticationRefused',
    code: 'access_denied',
    service: {},
    ...broker('deny'),
    alertsWithin: 1.5,
    resolvesWithin: 1.5,
  },
]

/** Makes Prometheus read the short copies, until the clean-up. */
export async function withShortRules(cleanUp: AsyncDisposableStack): Promise<void> {
  const names = readdirSync(rulesFolder).filter((name) => name.endsWith('.yml'))
  const files = names.map((name) => [`${ownFolder}/short-${name}`, `${rulesFolder}/${name}`] as const)
  cleanUp.defer(async () => {
    for (const [copy] of files) rmSync(copy, { force: true })
    await reloadPrometheus()
  })
  mkdirSync(ownFolder, { recursive: true })
  // Whatever the umask: Prometheus reads it as another user.
  for (const [copy, original] of files)
    writeFileSync(copy, shortRules(readFileSync(original, 'utf8')), { mode: 0o644 })
  await reloadPrometheus()
}

/** Each service is the other's control: an alert of the other one's fault would be a mistake. */
export async function shortDay(faults: readonly Fault[], stage: Stage): Promise<Day> {
  // A living session would hide the denial for 35 s.
  for (const { name } of faults) setFault('short-session', { principal: principalOf(name) })
  const outcomes = await sideBySide(faults, stage)
  const strays = outcomes.flatMap(({ fault, others }) =>
    others
      .filter((name) => faults.some(({ alert }) => alert === name))
      .map((name) => `${fault.name}: ${name} fired as well`),
  )
  return { outcomes, remarks: [], problems: [...outcomes.flatMap(problemsOf), ...strays] }
}
