/** Kafka's own tool for ACLs, in the broker's container: the listener that clients use lets nobody change them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from './places.ts'

const run = promisify(execFile)
const compose = ['compose', '-f', `${root}docker-compose.otel.yml`]
const TOOL = ['java', '-Xmx96m', '-XX:TieredStopAtLevel=1', '-cp', '/opt/kafka/libs/*']

export interface Acl {
  readonly principal: string
  readonly topic: string
  readonly operation: 'Write' | 'Alter'
  readonly permission: 'allow' | 'deny'
}

export const addAcl = (acl: Acl): Promise<void> => change('--add', acl)
export const removeAcl = (acl: Acl): Promise<void> => change('--remove', acl)

async function change(how: '--add' | '--remove', { principal, topic, operation, permission }: Acl) {
  const acl = [`--${permission}-principal`, `User:${principal}`, '--operation', operation, '--topic', topic]
  const tool = [...TOOL, 'org.apache.kafka.tools.AclCommand', '--bootstrap-server', 'kafka:9092']
  await run('docker', [...compose, 'exec', '-T', 'kafka', ...tool, how, '--force', ...acl])
}

/** Stops the broker in order, and starts it again with its data; resolves when it runs, before it answers. */
export async function restartBroker(): Promise<void> {
  await run('docker', [...compose, 'restart', 'kafka'])
}
