/** Prometheus's own promtool: the one on the PATH, or else the one in the image of the stack. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestGroup } from './scenario.ts'

const IMAGE = 'prom/prometheus:v3.16.0'

export interface Answer {
  /** The exit code. */
  readonly code: number
  readonly output: string
}

/** With paths relative to the folder. @throws where there is no promtool to be had */
export async function promtool(folder: string, args: readonly string[]): Promise<Answer> {
  const answer =
    (await run('promtool', args, folder)) ?? (await run('docker', inContainer(folder, args), folder))
  if (answer === undefined)
    throw new Error('Neither promtool nor docker is on the PATH. Install one of them.')
  return answer
}

function inContainer(folder: string, args: readonly string[]): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const mount = ['--volume', `${folder}:/work`, '--workdir', '/work', '--user', user]
  // Behind everything else: what runs beside it may have to be in time.
  return [
    'run',
    '--rm',
    '--network',
    'none',
    '--cpu-shares',
    '64',
    ...mount,
    '--entrypoint',
    'promtool',
    IMAGE,
    ...args,
  ]
}

/** Undefined where there is no such program. */
function run(program: string, args: readonly string[], cwd: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') resolve(undefined)
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: `${stdout}${stderr}` })
    })
  })
}

/** One file of tests, and the rules it is run on: name and text of each file. */
export interface Suite {
  readonly name: string
  readonly rules: Readonly<Record<string, string>>
  readonly groups: readonly TestGroup[]
  /** How often the rules are evaluated; default `30s`. */
  readonly every?: string
}

/** Of every suite, of every test in it: why it failed, or undefined. */
export type Verdicts = ReadonlyMap<string, ReadonlyMap<string, string | undefined>>

/** `promtool test rules` on all of them at once. */
export async function testRules(suites: readonly Suite[]): Promise<Verdicts> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-iam-otel-rules-'))
  try {
    for (const { name, rules, groups, every = '30s' } of suites) {
      const own = `${name}.rules`
      mkdirSync(join(folder, own))
      for (const [file, text] of Object.entries(rules)) writeFileSync(join(folder, own, file), text)
      const rule_files = Object.keys(rules).map((file) => `${own}/${file}`)
      writeFileSync(join(folder, `${name}.yml`), testFile(rule_files, groups, every))
    }
    const report = 'report.xml'
    const files = suites.map(({ name }) => `${name}.yml`)
    const { output } = await promtool(folder, ['test', 'rules', `--junit=${report}`, ...files])
    const verdicts = verdictsIn(readFileSync(join(folder, report), 'utf8'))
    for (const { name, groups } of suites) {
      const found = verdicts.get(name)
      const missing = groups.filter((group) => !found?.has(group.name))
      if (missing.length > 0)
        throw new Error(`promtool did not run ${name}: ${missing[0]?.name}\n${output.slice(0, 2000)}`)
    }
    return verdicts
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// JSON is YAML, and is quicker to write and to read.
const testFile = (rule_files: readonly string[], tests: readonly TestGroup[], every: string) =>
  JSON.stringify({ rule_files, evaluation_interval: every, tests })

function verdictsIn(junit: string): Verdicts {
  const verdicts = new Map<string, Map<string, string | undefined>>()
  for (const [, suite = '', body = ''] of junit.matchAll(
    /<testsuite name="([^"]*)"[^>]*>(.*?)<\/testsuite>/gs,
  )) {
    const tests = new Map<string, string | undefined>()
    for (const [, name = '', inner = ''] of body.matchAll(/<testcase name="([^"]*)">(.*?)<\/testcase>/gs)) {
      const failures = [...inner.matchAll(/<failure>(.*?)<\/failure>/gs)].map(([, text = '']) => plain(text))
      tests.set(plain(name), failures.length > 0 ? failures.join('\n') : undefined)
    }
    verdicts.set(suite.replace(/\.yml$/, ''), tests)
  }
  return verdicts
}

const plain = (xml: string) =>
  xml
    .replaceAll(/&#(x?)([0-9A-Fa-f]+);/g, (_, hex, code) =>
      String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
