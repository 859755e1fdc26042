import { catalogue, UNKNOWN_HINT } from '../../src/failures/catalogue.ts'
import type { FailureClass } from '../../src/failures/failure-class.ts'
import { brokerAlerts } from './alerts-of-brokers.ts'
import { codesWithAlertsOfTheirOwn } from './alerts-of-code.ts'
import { consumerAlerts, telemetryAlerts } from './alerts-of-consumers-and-telemetry.ts'
import { tokenAlerts } from './alerts-of-tokens.ts'
import { authenticationEntries } from './authentication.ts'
import { authorizationEntries } from './authorization.ts'
import { configurationEntries } from './configuration.ts'
import { connectionEntries } from './connection.ts'
import type { AlertSection, Entries, RunbookEntry } from './entry.ts'
import { identityEntries } from './identity.ts'
import { otherEntries, places } from './other.ts'
import { codesWithPlacesOfTheirOwn } from './places.ts'
import { publishingEntries } from './publishing.ts'
import { alertSection, anchor, failureEntry, linkerTo, otherEntry } from './render.ts'
import { stsEntries } from './sts.ts'
import { tokenEntries } from './token.ts'

type Area = FailureClass['area']

/** In the order of what happens. */
export const areas: readonly (readonly [Area, string, string])[] = [
  ['configuration', 'Configuration', 'Found before anything is sent.'],
  ['credentials', 'Credentials', 'AWS credentials and STS, before there is a token.'],
  ['token', 'Token', 'What the signer gave, or did not give.'],
  ['connection', 'Connection', 'DNS, TCP and TLS, between this process and a broker.'],
  ['authentication', 'Authentication', 'What a broker says to a token.'],
  ['authorization', 'Authorization', 'What a session may not do, after its authentication has succeeded.'],
  [
    'publishing',
    'Publishing',
    'What `KafkaPublisher` says by itself; what Kafka says of a message has the name that Kafka gave it.',
  ],
]

export const entries: Entries = {
  ...configurationEntries,
  ...identityEntries,
  ...stsEntries,
  ...tokenEntries,
  ...connectionEntries,
  ...authenticationEntries,
  ...authorizationEntries,
  ...publishingEntries,
}

const groups: readonly (readonly [string, readonly AlertSection[]])[] = [
  ['Tokens', tokenAlerts],
  ['Brokers and messages', brokerAlerts],
  ['Consumers', consumerAlerts],
  ['Telemetry', telemetryAlerts],
]
export const alerts: readonly AlertSection[] = groups.flatMap(([, sections]) => sections)

export const rowsOf = (area: Area): FailureClass[] => catalogue.filter((row) => row.area === area)

export function entryOf(code: string): RunbookEntry {
  const entry = entries[code]
  if (!entry) throw new Error(`The runbook has no entry for ${code}: write one in scripts/runbook`)
  return entry
}

/** The generated part of docs/failures.md. */
export function runbook(): string {
  refuseStrays()
  const others = otherEntries(UNKNOWN_HINT)
  const link = linkerTo(alerts)
  const codes = areas.map(
    ([area, title]) => `- **${title}:** ${linksTo(rowsOf(area).map(({ code }) => code))}`,
  )
  const byAlert = groups.map(
    ([title, sections]) => `- **${title}:** ${sections.map(({ name }) => link(name)).join(', ')}`,
  )
  return [
    '## Contents',
    `By [alert](#alerts):\n\n${byAlert.join('\n')}`,
    `By code, in the order of what happens:\n\n${[...codes, `- **Everything else:** ${linksTo(others.map(({ code }) => code))}`].join('\n')}`,
    ...areas.flatMap(([area, title, meaning]) => [
      `## ${title}`,
      meaning,
      ...rowsOf(area).map((row) => failureEntry(row, entryOf(row.code), link)),
    ]),
    '## Everything else',
    ...others.map((entry) => otherEntry(entry, places, link)),
    '## Alerts',
    'The rules are in `stack/prometheus/rules` of the repository. A rule that counts a code leads to the entry of that code; read the section of the alert here too.',
    ...alerts.map((alert) => alertSection(alert, link)),
  ].join('\n\n')
}

const linksTo = (codes: readonly string[]) =>
  codes.map((code) => `[${code.includes(' ') ? code : `\`${code}\``}](#${anchor(code)})`).join(', ')

/** A code that was renamed or deleted leaves nothing behind. */
function refuseStrays(): void {
  const known = new Set([...catalogue, ...otherEntries(UNKNOWN_HINT)].map(({ code }) => code))
  const told = [...Object.keys(entries), ...codesWithPlacesOfTheirOwn, ...codesWithAlertsOfTheirOwn]
  const strays = told.filter((code) => !known.has(code))
  if (strays.length > 0)
    throw new Error(`scripts/runbook tells of codes that do not exist: ${strays.join(', ')}`)
}
