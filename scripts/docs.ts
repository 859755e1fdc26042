/**
 * Writes what the docs take from the code: the failure codes in docs/failures.md and README.md, each between a pair of
 * markers. The rest of those pages is written by hand.
 *   node scripts/docs.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { catalogue } from '../src/failures/catalogue.ts'
import type { FailureClass, Pattern } from '../src/failures/failure-class.ts'

type Area = FailureClass['area']

/** Where a failure can be seen. */
interface Places {
  readonly spans: string
  readonly metrics: string
  readonly logs: string
}

const areas: readonly [Area, string, string][] = [
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

const KAFKAJS_ONLY = "kafkajs's own lines only"
const SENDING =
  'for a `send`, the `error.type` of `messaging.client.operation.duration` and `messaging.client.sent.messages`'

const makingTokens: Places = {
  spans:
    '`msk_iam.token.sign`, `msk_iam.token.refresh`, and above them `msk_iam.authenticate` and `msk_iam.connect` or `send` if they waited for the token',
  metrics:
    '`msk_iam.token.refresh.failures`, `msk_iam.token.refresh.duration`, `msk_iam.token.refresh.consecutive_failures`',
  logs: '`msk_iam.token.refresh.failed`, and a line in the log of kafkajs',
}
const exchanging: Places = {
  spans: '`msk_iam.authenticate` and the `msk_iam.connect` or `send` above it',
  metrics: '`msk_iam.authentication.failures`, `msk_iam.authentication.duration`',
  logs: '`msk_iam.authentication.failed`, and a line in the log of kafkajs',
}
const beforeTheExchange: Places = {
  spans: '`msk_iam.connect`, or the `send` that opened the connection',
  metrics: SENDING,
  logs: KAFKAJS_ONLY,
}
const connecting: Places = {
  spans: `${beforeTheExchange.spans}; \`msk_iam.authenticate\` too if it broke during the exchange`,
  metrics: `${SENDING}; \`msk_iam.authentication.failures\` if it broke during the exchange`,
  logs: `${KAFKAJS_ONLY}; \`msk_iam.authentication.failed\` if it broke during the exchange`,
}
const nowhere: Places = { spans: 'none', metrics: 'none', logs: 'none' }
const thrownAtOnce: Places = {
  ...nowhere,
  logs: 'none, it is thrown by `createMskIamSasl` or `createMskIamConnection`',
}

const placesOfArea: Readonly<Record<Area, Places>> = {
  configuration: thrownAtOnce,
  credentials: makingTokens,
  token: makingTokens,
  connection: connecting,
  authentication: exchanging,
  authorization: beforeTheExchange,
  publishing: { spans: '`send`', metrics: SENDING, logs: 'none' },
}

const thrownByThePublisher: Places = { ...nowhere, logs: 'none, it is thrown by `KafkaPublisher`' }
const onlyOurSockets: Places = {
  spans: '`msk_iam.connect`, only with both `createMskIamConnection` and `instrumentKafka`',
  metrics: 'none',
  logs: KAFKAJS_ONLY,
}

/** Where a code is seen elsewhere than the others of its area. */
const placesOfCode: Readonly<Record<string, Places>> = {
  publisher_not_connected: thrownByThePublisher,
  topics_missing: thrownByThePublisher,
  health_check_timeout: { ...nowhere, logs: 'none, it is in the answer of `healthCheck`' },
  transaction_outcome_unknown: { ...nowhere, spans: 'the span of the transaction' },
  package_missing: makingTokens,
  credentials_expiry_unknown: { ...nowhere, logs: "one warning on OpenTelemetry's `diag` for each provider" },
  provider_closed: {
    spans: 'those of the callers that waited',
    metrics: '`msk_iam.token.requests` with the result `error`',
    logs: 'none',
  },
  too_many_connects: {
    ...exchanging,
    metrics: exchanging.metrics,
  },
  sasl_mechanism_unsupported: beforeTheExchange,
  listener_without_sasl: {
    spans: '`msk_iam.connect` at the first connect; `msk_iam.authenticate` and the `send` above it later',
    metrics: 'none at the first connect; `msk_iam.authentication.failures` later',
    logs: `${KAFKAJS_ONLY} at the first connect; \`msk_iam.authentication.failed\` later`,
  },
  client_erroneous_state: {
    ...nowhere,
    logs: 'none in this release, it is here for `classifyFailure`',
  },
  plaintext_to_tls_port: onlyOurSockets,
  tls_handshake_timeout: onlyOurSockets,
}

const evidence: Readonly<Record<FailureClass['evidence'], string>> = {
  reproduced: 'reproduced in a test',
  reported: 'reported by users, not reproduced',
  documented: 'from documentation, not reproduced',
  own: 'made by this library',
}

/** The entries of docs/failures.md: a list of all codes, then one entry for each. */
export function failureEntries(): string {
  const lists = areas.map(([area, title]) => {
    const links = rowsOf(area).map(({ code }) => `[\`${code}\`](#${anchor(code)})`)
    return `- **${title}:** ${links.join(', ')}`
  })
  const sections = areas.map(([area, title, meaning]) =>
    [`## ${title}`, meaning, ...rowsOf(area).map(entry)].join('\n\n'),
  )
  return [lists.join('\n'), ...sections].join('\n\n')
}

function entry(row: FailureClass): string {
  const { spans, metrics, logs } = placesOfCode[row.code] ?? placesOfArea[row.area]
  return [
    `### \`${row.code}\``,
    `**${sentence(row.title)}**`,
    `Cure: ${row.hint}`,
    [
      `- Retriable: ${row.retriable ? 'yes' : 'no'}`,
      ...(row.refusesToken ? ['- The token is not offered again'] : []),
      `- Spans: ${spans}`,
      `- Metrics: ${metrics}`,
      `- Logs: ${logs}`,
      ...(row.patterns.length > 0 ? [`- Recognised by: ${row.patterns.map(recognised).join('; ')}`] : []),
      `- Evidence: ${evidence[row.evidence]}`,
    ].join('\n'),
  ].join('\n\n')
}

function recognised({ name, code, type, message, phase }: Pattern): string {
  const parts = [
    ...(name === undefined ? [] : [`name \`${name}\``]),
    ...(type === undefined ? [] : [`type \`${type}\``]),
    ...(code === undefined ? [] : [`code \`${typeof code === 'string' ? code : code.source}\``]),
    ...(message === undefined ? [] : [`message \`${message.source}\``]),
  ].join(' and ')
  return phase === 'token' ? `${parts} while a token is made` : parts
}

/** The table of README.md. */
export function failureTable(): string {
  const rows = areas
    .flatMap(([area]) => rowsOf(area))
    .map(
      ({ code, title, hint }) =>
        `| [\`${code}\`](docs/failures.md#${anchor(code)}) | ${cell(title)} | ${cell(beginning(hint))} |`,
    )
  return ['| Code | What happened | First cure |', '|---|---|---|', ...rows].join('\n')
}

const rowsOf = (area: Area) => catalogue.filter((row) => row.area === area)
const anchor = (code: string) => code.toLowerCase()
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
const ENOUGH = 80
/** As many sentences from the beginning as it takes to say something. */
const beginning = (text: string) =>
  text
    .split(/(?<=[.!?])\s+/)
    .reduce((said, next) => (said.length < ENOUGH ? `${said} ${next}`.trim() : said), '')
const cell = (text: string) => text.replaceAll('|', '\\|')

const pages: readonly { file: string; part: string; text: () => string }[] = [
  { file: 'docs/failures.md', part: 'failures', text: failureEntries },
  { file: 'README.md', part: 'failures', text: failureTable },
]

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url))

/** Every page with a generated part: as it is, and as it should be. */
export function generatedPages(): { file: string; actual: string; expected: string }[] {
  const stray = Object.keys(placesOfCode).filter((code) => !catalogue.some((row) => row.code === code))
  if (stray.length > 0)
    throw new Error(`scripts/docs.ts tells of codes that do not exist: ${stray.join(', ')}`)
  return pages.map(({ file, part, text }) => {
    const actual = readFileSync(pathOf(file), 'utf8')
    const begin = `<!-- ${part}: made by scripts/docs.ts -->`
    const end = `<!-- ${part}: end -->`
    const from = actual.indexOf(begin)
    const to = actual.indexOf(end)
    if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${begin} and ${end}`)
    const expected = `${actual.slice(0, from)}${begin}\n\n${text()}\n\n${actual.slice(to)}`
    return { file, actual, expected }
  })
}

if (import.meta.main) {
  for (const { file, actual, expected } of generatedPages()) {
    if (actual !== expected) writeFileSync(pathOf(file), expected)
    console.log(`${file}: ${actual === expected ? 'is current' : 'written'}`)
  }
}
