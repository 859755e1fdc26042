/**
 * The local stack: Kafka that verifies IAM tokens, the collector, Jaeger and Prometheus.
 *   node scripts/stack.ts up | down | status | fault NAME [--principal NAME] [--for SECONDS]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { activeFaultTargets, clearFault, type FaultOptions, faults, isFaultName, setFault } from './fault.ts'

const composeFile = fileURLToPath(new URL('../docker-compose.otel.yml', import.meta.url))
const root = dirname(composeFile)
const state = `${root}/stack/.state`

const addresses = `
  Kafka (SASL_SSL, IAM)  localhost:9098, region ${process.env['MSK_REGION'] || 'eu-west-1'}
    its CA               stack/.state/certs/ca.pem
    who may do what      stack/identities.json
  OTLP                   http://localhost:4318 (HTTP), localhost:4317 (gRPC)
    as received          stack/.state/telemetry/{traces,metrics,logs}.jsonl
  Jaeger                 http://localhost:16686
  Prometheus             http://localhost:9090`

const usage = `usage:
  node scripts/stack.ts up       start everything and wait until it answers
  node scripts/stack.ts down     stop everything and forget its data
  node scripts/stack.ts status   what runs, and which faults are on
  node scripts/stack.ts fault NAME [--principal NAME] [--for SECONDS]
${Object.entries({ ...faults, clear: 'no fault any more (with --principal: of this one only)' })
  .map(([name, effect]) => `    ${name.padEnd(18)} ${effect}`)
  .join('\n')}`

function up(): number {
  // Made here, the folders belong to whoever runs this; made by Docker, to root.
  for (const folder of ['certs', 'faults', 'rules', 'telemetry'])
    mkdirSync(`${state}/${folder}`, { recursive: true })
  forgetFaults()
  const code = compose('up', '--detach', '--build', '--wait', '--remove-orphans')
  if (code === 0) console.log(`\nThe stack is up.${addresses}\n`)
  else explainFailure()
  return code
}

function down(): number {
  const code = compose('down', '--volumes', '--remove-orphans')
  forgetFaults()
  return code
}

function status(): number {
  const code = compose('ps', '--all', '--format', 'table {{.Service}}\t{{.Status}}\t{{.Ports}}')
  const targets = activeFaultTargets()
  console.log(`${addresses}\n  Faults                 ${targets.join(', ') || 'none'}\n`)
  return code
}

function fault(name: string | undefined, options: FaultOptions): number {
  if (name === 'clear') {
    if (options.seconds !== undefined) return misuse('clear takes no --for.')
    clearFault(options)
  } else if (name !== undefined && isFaultName(name)) {
    setFault(name, options)
  } else {
    const problem = name === undefined ? 'Which fault?' : `Unknown fault "${name}".`
    return misuse(`${problem} There are: ${Object.keys(faults).join(', ')}, clear.`)
  }
  console.log(`${name}${options.principal === undefined ? '' : ` for ${options.principal}`}: from now on`)
  return 0
}

/** Also the identities that a test may have put before the committed ones. */
function forgetFaults(): void {
  clearFault()
  rmSync(`${state}/identities.json`, { force: true })
}

function compose(...args: string[]): number {
  const run = spawnSync('docker', ['compose', '--file', composeFile, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (run.error !== undefined) {
    console.error(`Cannot run "docker compose": ${run.error.message}. Is Docker installed and on the PATH?`)
    return 1
  }
  return run.status ?? 1
}

/** Shows the end of the log of every service that ended badly, is not healthy, or never ran. */
function explainFailure(): void {
  const format = '{{.Service}}\t{{.State}}\t{{.Health}}\t{{.ExitCode}}'
  const list = spawnSync('docker', ['compose', '--file', composeFile, 'ps', '--all', '--format', format], {
    cwd: root,
    encoding: 'utf8',
  })
  const services = (list.stdout ?? '').split('\n').filter((line) => line !== '')
  for (const line of services) {
    const [service = '', state, health, exitCode] = line.split('\t')
    const wrong =
      (state === 'exited' && exitCode !== '0') ||
      state === 'restarting' ||
      (health !== '' && health !== 'healthy')
    if (!wrong) continue
    console.error(`\n--- ${service} (${[state, health].filter(Boolean).join(', ')}), the end of its log:`)
    compose('logs', '--no-log-prefix', '--tail', '40', service)
  }
  console.error(
    '\nThe stack is not up: what went wrong is above. `node scripts/stack.ts down` clears it away.',
  )
}

function misuse(problem: string): number {
  console.error(`${problem}\n\n${usage}`)
  return 64
}

function main(argv: string[]): number {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { principal: { type: 'string' }, for: { type: 'string' } },
  })
  const [command, name, ...more] = positionals
  const faultOptions = values.principal !== undefined || values.for !== undefined
  if (more.length > 0 || (command !== 'fault' && (name !== undefined || faultOptions))) {
    return misuse(`Too many arguments for "${command ?? ''}".`)
  }
  if (command === 'up') return up()
  if (command === 'down') return down()
  if (command === 'status') return status()
  if (command === 'fault') {
    return fault(name, {
      ...(values.principal !== undefined && { principal: values.principal }),
      ...(values.for !== undefined && { seconds: Number(values.for) }),
    })
  }
  return misuse(command === undefined ? 'What should I do?' : `Unknown command "${command}".`)
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  // parseArgs and setFault say what was wrong with the arguments.
  process.exitCode = misuse(error instanceof Error ? error.message : String(error))
}
