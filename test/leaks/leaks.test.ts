/** Runs after the tests of the stack: it searches what they have exported for the keys and tokens that they have used. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Leak, readExports, searchForLeaks } from '../stack/support/leak-search.ts'
import { root, runsFile, secretsFile, telemetryFolder } from '../stack/support/places.ts'
import type { Secret, SecretKind } from '../stack/support/record-secrets.ts'
import type { RunRecord } from '../stack/support/run.ts'

const examples = ['consumer-worker', 'example', 'outbox-relay', 'transactional-publisher']
const allRuns = [
  ...examples,
  'consumer',
  'faults',
  'interop',
  'metrics',
  'outage',
  'promise',
  'publisher',
].sort()
const kinds: SecretKind[] = ['token', 'signature', 'session token', 'access key id', 'secret access key']

function linesOf<T>(file: string): T[] {
  if (!existsSync(file))
    throw new Error(`Nothing to search for: there is no ${file}. Run \`npm run test:stack\`.`)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** What the runs have used, and every key that there is to use. */
function secretsInUse(): Secret[] {
  const identities = JSON.parse(readFileSync(`${root}stack/identities.json`, 'utf8')) as {
    accessKeys: { accessKeyId: string; secretAccessKey: string }[]
  }[]
  const keys = identities.flatMap(({ accessKeys }) => accessKeys)
  return [
    ...linesOf<Secret>(secretsFile),
    ...keys.map(({ accessKeyId }) => ({ run: 'all', kind: 'access key id', value: accessKeyId }) as const),
    ...keys.map(
      ({ secretAccessKey }) => ({ run: 'all', kind: 'secret access key', value: secretAccessKey }) as const,
    ),
  ]
}

/** What the services of the game day have printed. */
function printedInGameDay(): [string, string][] {
  const folder = `${root}stack/.state/gameday`
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
  return logs.map((name) => [`gameday/${name}`, readFileSync(`${folder}/${name}`, 'utf8')])
}

let secrets: Secret[]
let runs: RunRecord[]
let texts: Map<string, string>

beforeAll(() => {
  secrets = secretsInUse()
  runs = linesOf<RunRecord>(runsFile)
  texts = new Map([...readExports(telemetryFolder, allRuns), ...printedInGameDay()])
})

describe('there is something to search', () => {
  test('the runs of every test of the stack', () => {
    expect([...new Set(runs.map(({ run }) => run))].sort()).toEqual(allRuns)
  })

  test.each(['traces.jsonl', 'metrics.jsonl'])('telemetry of each of them in %s', (file) => {
    for (const { service } of runs) expect(texts.get(file)?.includes(`"${service}"`), service).toBe(true)
  })

  test('logs of those that met a failure', () => {
    const failing = runs.filter(({ run }) => ![...examples, 'interop', 'promise', 'publisher'].includes(run))
    for (const { service } of failing)
      expect(texts.get('logs.jsonl')?.includes(`"${service}"`), service).toBe(true)
  })

  test('secrets of every kind, and tokens of every run', () => {
    expect([...new Set(secrets.map(({ kind }) => kind))].sort()).toEqual([...kinds].sort())
    const withToken = new Set(secrets.filter(({ kind }) => kind === 'token').map(({ run }) => run))
    expect([...withToken].sort()).toEqual(allRuns)
  })

  test('the keys that the STS of the game day gave out, and what its services printed', () => {
    const given = secrets.filter(({ run }) => run === 'gameday').map(({ kind }) => kind)
    expect([...new Set(given)].sort()).toEqual(['access key id', 'secret access key', 'session token'])
    expect([...texts.keys()].filter((name) => name.startsWith('gameday/'))).not.toEqual([])
  })
})

test('nothing that was exported or printed holds any 16 characters of a key or a token', () => {
  expect(searchForLeaks(texts, secrets)).toEqual([])
})

describe('what looks like a token or a key, whoever made it', () => {
  // Base64 of `https://kafka.` at its three alignments, a presigned URL, an access key id.
  const LOOKS_SECRET =
    /aHR0cHM6Ly9rYWZrYS|h0dHBzOi8va2Fma2Eu|odHRwczovL2thZmthL|X-Amz-(Signature|Security-Token|Credential)=|\b(AKIA|ASIA)[A-Z0-9]{12,}/

  test('is in nothing that was exported or printed', () => {
    expect([...texts].filter(([, text]) => LOOKS_SECRET.test(text)).map(([name]) => name)).toEqual([])
  })

  test('is known: every token and every access key id of the runs', () => {
    const known = secrets.filter(({ kind }) => kind === 'token' || kind === 'access key id')
    expect(known.filter(({ value }) => !LOOKS_SECRET.test(value))).toEqual([])
  })
})

describe('a planted leak is found', () => {
  const base64url = (text: string) => Buffer.from(text).toString('base64url')
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const span = (value: object) =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'x', value }] }] }] }] })
  const log = (body: object) =>
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] })
  const metric = (key: string) =>
    JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', unit: key }] }] }] })

  /** Each as a line of a file; what it is given is a secret. */
  const plants: { name: string; file: string; line: (secret: string) => string; form: string }[] = [
    { name: 'plain, in a span', file: 'traces.jsonl', line: (s) => span({ stringValue: s }), form: 'plain' },
    {
      name: '16 characters of it, in the middle of a text',
      file: 'traces.jsonl',
      line: (s) => span({ stringValue: `see ${s.slice(2, 18)}…` }),
      form: 'plain',
    },
    {
      name: 'in the name of an attribute',
      file: 'metrics.jsonl',
      line: (s) => JSON.stringify({ [s]: 1 }),
      form: 'plain',
    },
    {
      name: 'in base64url, in a metric',
      file: 'metrics.jsonl',
      line: (s) => metric(base64url(s)),
      form: 'base64',
    },
    {
      name: 'in base64url, glued to a word',
      file: 'traces.jsonl',
      line: (s) => span({ stringValue: `token-${base64url(s)}` }),
      form: 'base64',
    },
    {
      name: 'as bytes',
      file: 'logs.jsonl',
      line: (s) => log({ bytesValue: base64(s) }),
      form: 'base64',
    },
    {
      name: 'in base64url, as bytes',
      file: 'logs.jsonl',
      line: (s) => log({ bytesValue: base64(`Bearer ${base64url(s)}`) }),
      form: 'base64 > base64',
    },
    {
      name: 'inside JSON, in the body of a log record',
      file: 'logs.jsonl',
      line: (s) => log({ stringValue: JSON.stringify({ token: s.replace(/./, (c) => `\u0000${c}`) }) }),
      form: 'plain',
    },
    {
      name: 'inside JSON, with every character escaped',
      file: 'logs.jsonl',
      line: (s) => log({ stringValue: `{"token":"${[...s].map(unicodeEscape).join('')}"}` }),
      form: 'json',
    },
    {
      name: 'percent-encoded, in a URL',
      file: 'traces.jsonl',
      line: (s) => span({ stringValue: `https://x/?${[...s].map(percentEscape).join('')}` }),
      form: 'percent',
    },
    {
      name: 'in a log line',
      file: 'console-example.log',
      line: (s) => `order 7 not published: Bearer ${s}`,
      form: 'plain',
    },
    {
      name: "in a line of kafkajs's log",
      file: 'console-faults.log',
      line: (s) => JSON.stringify({ level: 'ERROR', message: `auth=Bearer ${s}` }),
      form: 'plain',
    },
  ]
  const unicodeEscape = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  const percentEscape = (c: string) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`

  let copy: string
  let found: Leak[]
  const places = new Map<string, string>()

  /** In one copy of everything, so that each has to be found among all that is innocent. */
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'leaks-'))
    cpSync(telemetryFolder, copy, { recursive: true })
    for (const { name, file, line } of plants) {
      for (const kind of kinds) {
        const secret = secrets.findLast((candidate) => candidate.kind === kind)
        const before = readFileSync(join(copy, file), 'utf8')
        if (!before.endsWith('\n')) appendFileSync(join(copy, file), '\n')
        places.set(`${name} ${kind}`, `${file}:${readFileSync(join(copy, file), 'utf8').split('\n').length}`)
        appendFileSync(join(copy, file), `${line(secret?.value ?? '')}\n`)
      }
    }
    found = searchForLeaks(readExports(copy, allRuns), secrets)
  })

  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  test.each(plants.flatMap(({ name, form }) => kinds.map((kind) => ({ name, kind, form }))))(
    '$kind $name',
    ({ name, kind, form }) => {
      const leaks = found.filter(({ where }) => where === places.get(`${name} ${kind}`))
      // A token is the base64url text of what the others stand in: where one of them falls on a multiple of three
      // bytes, its own base64url text is a piece of the token, and is found as that.
      const ways = [form, 'base64', 'plain'].map((as, index) => ({
        kind: index === 0 ? kind : 'token',
        form: as,
      }))
      expect(leaks).toHaveLength(1)
      expect(ways).toContainEqual({ kind: leaks[0]?.kind, form: leaks[0]?.form })
    },
  )

  test('and nothing else is', () => {
    expect(found).toHaveLength(plants.length * kinds.length)
  })

  test('where only 15 characters are there, there is no leak', () => {
    const token = secrets.find(({ kind }) => kind === 'token')?.value.slice(0, 15) ?? ''
    expect(searchForLeaks(new Map([['x', token]]), secrets)).toEqual([])
  })
})

describe('without anything to search it fails', () => {
  const folderWith = (files: Record<string, string>) => {
    const folder = mkdtempSync(join(tmpdir(), 'leaks-'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
  }
  const whole = { 'traces.jsonl': '{}', 'metrics.jsonl': '{}', 'logs.jsonl': '{}', 'console-a.log': 'x' }

  test.each(Object.keys(whole))('no %s', (name) => {
    const { [name as keyof typeof whole]: _, ...others } = whole
    expect(() => readExports(folderWith(others), ['a'])).toThrow(new RegExp(`${name} is missing`))
  })

  test.each(Object.keys(whole))('an empty %s', (name) => {
    expect(() => readExports(folderWith({ ...whole, [name]: '\n' }), ['a'])).toThrow(
      new RegExp(`${name} is empty`),
    )
  })

  test('no record of the secrets', () => {
    expect(() => linesOf(join(tmpdir(), 'there-is-none.jsonl'))).toThrow(/Nothing to search for/)
  })
})
