import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { scenes } from '../../src/cli/demo/scenes.ts'
import { folder, project, root, tarball } from './project.ts'

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const peers = ['kafkajs', 'aws-msk-iam-sasl-signer-js', '@aws-sdk/credential-providers']

function start(cwd: string, command: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  // Nothing of AWS, and no collector that happens to run here.
  const clean = Object.entries(process.env).filter(([name]) => !/^(AWS|OTEL)_/.test(name))
  return new Promise((resolve) =>
    execFile(
      command,
      args,
      { cwd, env: { ...Object.fromEntries(clean), ...env }, maxBuffer: 1e8 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  )
}

/** As the README has it, in an empty folder. */
function npx(name: string, args: string[], env?: Record<string, string>): Promise<Run> {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  const packages = [tarball, ...peers.map((peer) => `${peer}@${devDependencies[peer]}`)]
  const from = packages.flatMap((spec) => ['-p', spec])
  return start(cwd, 'npx', ['--yes', ...from, 'kafka-iam-otel', ...args], env)
}

describe('npx … kafka-iam-otel demo', () => {
  let text: Run
  let json: Run
  let refused: Run
  beforeAll(async () => {
    // The first one installs; npx does not like to do that twice at once.
    await npx('version', ['--version'])
    ;[text, json, refused] = await Promise.all([
      npx('text', ['demo']),
      npx('json', ['demo', '--json']),
      npx('refused', ['demo'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:pass@localhost:1' }),
    ])
  })

  test('shows every scene, and says so', () => {
    expect(text.stderr.replace(/^npm warn .*\n/gm, '')).toBe('')
    for (const { title } of Object.values(scenes)) expect(text.stdout).toContain(`. ${title}\n`)
    expect(text.stdout).toMatch(/Everything was seen, 11 of 11, in \d+ s\.\n/)
    expect(text.code).toBe(0)
  })

  test('prints what the README shows of it', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const [, shown = ''] = /<!-- demo:.*?-->\n(.*?)<!-- \/demo -->/s.exec(readme) ?? []
    const excerpts = [...shown.matchAll(/^```\n(.*?)^```/gms)].map(([, excerpt = '']) => excerpt)
    expect(excerpts).toHaveLength(2)
    // The README's runs had other numbers, and scenes may come in another order.
    const stable = (printed: string) =>
      printed
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
        .replaceAll(/ *[\d.]+ (ms|s)\b/g, ' <duration>')
        .replaceAll(/[\d.]+s\b/g, '<seconds>')
        .replaceAll(/^\d+\. /gm, '')
    for (const excerpt of excerpts) expect(stable(text.stdout)).toContain(stable(excerpt))
  })

  test('fits into 80 columns, without colours where it is no terminal', () => {
    expect(text.stdout.split('\n').filter((line) => [...line].length > 80)).toEqual([])
    expect(text.stdout).not.toContain('\u001b')
  })

  test('is one JSON object a line with --json: traces, metrics, and whether all was seen', () => {
    const lines = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const shown = new Set(lines.filter(({ type }) => type === 'trace').map(({ scene }) => scene))
    expect([...shown].sort()).toEqual(Object.keys(scenes).sort())
    const { ok, missing, problems, tallies, series } = lines.at(-1)
    expect({ ok, missing, problems }).toEqual({ ok: true, missing: [], problems: [] })
    for (const { published, failed, once } of tallies) expect([failed, once]).toEqual([0, published])
    expect(series).toContainEqual(
      expect.objectContaining({
        metric: 'msk_iam.authentication.failures',
        attributes: expect.objectContaining({ 'error.type': 'access_denied' }),
        value: 1,
      }),
    )
    expect(json.code).toBe(0)
  })

  test('shows no key and no token', () => {
    for (const secret of ['not-a-real-secret', 'X-Amz-', 'AKIADEMO', 'ASIALOCAL', 'aHR0cHM6Ly9rYWZrYS4'])
      expect(text.stdout + json.stdout).not.toContain(secret)
  })

  test('ends with exit code 1 where it could not export to the endpoint that was asked for', () => {
    expect(refused.stdout).toContain('Not everything could be exported to http://localhost:1/: ')
    expect(refused.stdout).toMatch(/11 of 11 were seen, in \d+ s\.\n/)
    expect(refused.code).toBe(1)
  })
})

test('in a project without the peers, the demo names what is missing and how to get it', async () => {
  const at = project('demo-bare', ['@opentelemetry/api'], {})
  const bin = join(at, 'node_modules/kafka-iam-otel/dist/cli/main.js')
  const { code, stderr } = await start(at, process.execPath, [bin, 'demo'])
  expect(stderr).toContain(`Add them:    npm install ${peers.join(' ')}\n`)
  expect(code).toBe(1)
})
