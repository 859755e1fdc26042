/** The broker from inside: identities, rights and quotas that only the game day needs, and stopping parts of the stack. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { root } from '../test/stack/support/places.ts'

const run = promisify(execFile)
const compose = ['compose', '-f', `${root}docker-compose.otel.yml`]
const java = ['java', '-Xmx96m', '-XX:TieredStopAtLevel=1', '-cp', '/opt/kafka/libs/*']
/** Comes before the committed one. */
const ownIdentities = `${root}stack/.state/identities.json`

interface Identity {
  readonly principal: string
  readonly accessKeys: readonly unknown[]
  readonly permissions: unknown
}

/** One game day at a time: a second one would take the first one's identities away. */
export function checkNobodyElse(): void {
  if (!existsSync(ownIdentities)) return
  throw new Error(
    'Another game day runs. If none does, one was killed: remove stack/.state/identities.json, or run npm run stack:up.',
  )
}

/** Lets these principals do what orders-service may; the STS gives them keys that the broker knows without an entry. */
export async function admit(principals: readonly string[]): Promise<void> {
  const committed = JSON.parse(readFileSync(`${root}stack/identities.json`, 'utf8')) as Identity[]
  const permissions = committed.find(({ principal }) => principal === 'orders-service')?.permissions
  const own = principals.map((principal) => ({ principal, accessKeys: [], permissions }))
  writeFileSync(ownIdentities, JSON.stringify([...committed, ...own]), { mode: 0o644 })
  await permit('/stack/.state/identities.json').catch((error: Error & { stderr?: string }) => {
    if (!error.stderr?.includes('FileNotFound')) throw error
    throw new Error(
      'the stack runs from another checkout, which this one cannot give identities: npm run stack:up',
    )
  })
}

export async function dismissAll(): Promise<void> {
  rmSync(ownIdentities, { force: true })
  await permit('/stack/identities.json')
}

const permit = (identities: string) => inKafka('kafkaiamotel.broker.ClusterSetup', ['kafka:9092', identities])

/** Bytes per second that this principal may produce; undefined lifts the quota. */
export async function setProducerQuota(principal: string, bytesPerSecond: number | undefined): Promise<void> {
  const change =
    bytesPerSecond === undefined
      ? ['--delete-config', 'producer_byte_rate']
      : ['--add-config', `producer_byte_rate=${bytesPerSecond}`]
  const who = ['--entity-type', 'users', '--entity-name', principal]
  await inKafka('kafka.admin.ConfigCommand', [
    '--bootstrap-server',
    'kafka:9092',
    '--alter',
    ...change,
    ...who,
  ])
}

/** How many messages were ever written to the topic. */
export async function messagesIn(topic: string): Promise<number> {
  const { stdout } = await inKafka('org.apache.kafka.tools.GetOffsetShell', [
    '--bootstrap-server',
    'kafka:9092',
    '--topic',
    topic,
  ])
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(`${topic}:`))
    .reduce((sum, line) => sum + Number(line.split(':')[2]), 0)
}

export const stopPart = (service: string) => run('docker', [...compose, 'stop', service])
export const startPart = (service: string) => run('docker', [...compose, 'start', service])

const inKafka = (tool: string, args: readonly string[]) =>
  run('docker', [...compose, 'exec', '-T', 'kafka', ...java, tool, ...args])
