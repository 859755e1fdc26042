/** Before the tests of the stack: is it there? If not, start it. What is running already is left running afterwards. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { clearFault } from '../../../scripts/fault.ts'
import {
  broker,
  caFile,
  collectorHealthUrl,
  jaegerUrl,
  prometheusUrl,
  root,
  runsFile,
  secretsFile,
  telemetryFolder,
} from './places.ts'

export async function setup(): Promise<void> {
  const missing = await whatIsMissing()
  if (missing.length > 0) startStack(missing)
  const still = await whatIsMissing()
  if (still.length > 0) throw new Error(`The stack is up, but these do not answer: ${still.join(', ')}.`)
  // One that a stopped run has left on would fail this one.
  clearFault()
  forgetEarlierRuns()
}

function startStack(missing: string[]): void {
  console.log(`The stack is not running (no answer from ${missing.join(', ')}): starting it.`)
  const docker = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' })
  if (docker.error || docker.status !== 0) {
    throw new Error(
      `The tests of the stack need Docker, and there is none here: ${docker.error?.message ?? docker.stderr.trim()}. ` +
        'Install or start Docker, or run `npm test`, which needs none.',
    )
  }
  const up = spawnSync(process.execPath, ['scripts/stack.ts', 'up'], { cwd: root, stdio: 'inherit' })
  if (up.status !== 0)
    throw new Error('The stack did not start: `npm run stack:up` says why. Its last words are above.')
}

async function whatIsMissing(): Promise<string[]> {
  const checks: Record<string, () => Promise<boolean>> = {
    [`Kafka's certificate ${caFile}`]: async () => existsSync(caFile),
    [`Kafka at ${broker}`]: () => accepts(broker),
    [`the collector at ${collectorHealthUrl}`]: () => answers(collectorHealthUrl),
    [`Jaeger at ${jaegerUrl}`]: () => answers(`${jaegerUrl}/api/services`),
    [`Prometheus at ${prometheusUrl}`]: () => answers(`${prometheusUrl}/-/ready`),
  }
  const found = await Promise.all(
    Object.entries(checks).map(async ([what, check]) => ((await check()) ? undefined : what)),
  )
  return found.filter((what) => what !== undefined)
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  )

function accepts(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 3_000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

/** The leak test searches what these runs export for what these runs used. */
function forgetEarlierRuns(): void {
  for (const file of [secretsFile, runsFile]) rmSync(file, { force: true })
  if (!existsSync(telemetryFolder)) return
  for (const name of readdirSync(telemetryFolder)) {
    if (name.startsWith('console-')) rmSync(`${telemetryFolder}/${name}`)
  }
}
