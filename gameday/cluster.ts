/** The broker from inside: identities, rights and quotas that only the game day needs, and stopping parts of the stack. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { BOOTSTRAP, compose, kafkaTool } from '../test/stack/support/compose.ts'
import { root } from '../test/stack/support/places.ts'

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

const permit = (identities: string) => kafkaTool('kafkaiamotel.broker.ClusterSetup', 'kafka:9092', identities)

/** Bytes per second that this principal may produce; undefined lifts the quota. */
export async function setProducerQuota(principal: string, bytesPerSecond: number | undefined): Promise<void> {
  const change =
    bytesPerSecond === undefined
      ? ['--delete-config', 'producer_byte_rate']
      : ['--add-config', `producer_byte_rate=${bytesPerSecond}`]
  const who = ['--entity-type', 'users', '--entity-name', principal]
  await kafkaTool('kafka.admin.ConfigCommand', ...BOOTSTRAP, '--alter', ...change, ...who)
}

export const stopPart = (service: string) => compose('stop', service)
export const startPart = (service: string) => compose('start', service)
