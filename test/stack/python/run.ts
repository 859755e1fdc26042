/** Python with what service.py needs, in a folder of its own that is made once, and made anew when the list changes. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { broker, caFile, region, root } from '../support/places.ts'
import { credentialsOf } from '../support/run.ts'

const here = `${root}test/stack/python`
const venv = `${root}node_modules/.cache/kafka-iam-otel-python`
const stamp = `${venv}/installed.txt`
const requirements = `${here}/requirements.txt`

export function installPython(): void {
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(venv, { recursive: true, force: true })
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    run('python3', ['-m', 'venv', venv])
    run(`${venv}/bin/pip`, ['install', '--quiet', '--requirement', requirements])
  } catch (error) {
    throw new Error('These tests need python3 with venv, and its package index: what failed is above.', {
      cause: error,
    })
  }
  writeFileSync(stamp, wanted)
}

/** Runs service.py to its end and gives the lines that it prints. */
export async function runPython(service: string, ...args: string[]): Promise<string[]> {
  const { accessKeyId, secretAccessKey } = credentialsOf('orders-service')
  const { stdout } = await promisify(execFile)(`${venv}/bin/python`, [`${here}/service.py`, ...args], {
    timeout: 90_000,
    env: {
      PATH: process.env['PATH'],
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      KAFKA_BROKER: broker,
      KAFKA_CA: caFile,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
    },
  })
  return stdout.split('\n').filter((line) => line !== '')
}
