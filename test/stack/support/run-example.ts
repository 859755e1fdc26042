import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { consoleFile, root } from './places.ts'
import { newRun } from './run.ts'
import { until } from './until.ts'

/** A program of examples/, run as a user runs it. Only its name in the telemetry and its pace are the test's. */
export interface RunningExample {
  /** Its `service.name`. */
  readonly service: string
  readonly id: string
  readonly process: ChildProcess
  /** All that it has printed. */
  printed(): Promise<string>
  /** Waits for its end. */
  ended(): Promise<number | null>
  /** Ends it as Ctrl-C does. */
  stop(): Promise<number | null>
}

/** The examples run on what is built. */
export const build = () => execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'pipe' })

/** `name` is that of the run; it must not look like a test key, or the leak search finds it. */
export function startExample(
  file: string,
  env: Record<string, string> = {},
  name = file.replace(/\.ts$/, ''),
): RunningExample {
  const run = newRun(name)
  const child = spawn(process.execPath, [`examples/${file}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      OTEL_SERVICE_NAME: run.service,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      // It writes down which tokens were used, for the leak test; the example does not see it.
      RECORD_SECRETS_AS: name,
      NODE_OPTIONS: `--import=${new URL('./record-secrets.ts', import.meta.url).href}`,
      ...env,
    },
  })
  let closed = false
  child.once('close', () => {
    closed = true
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => appendFileSync(consoleFile(name), chunk))
  }
  // Until it has ended and its last words are written.
  const ended = async () => {
    await until(`${file} to end`, () => closed)
    return child.exitCode
  }
  return {
    service: run.service,
    id: run.id,
    process: child,
    printed: () => readFile(consoleFile(name), 'utf8'),
    ended,
    stop() {
      child.kill('SIGTERM')
      return ended()
    },
  }
}
