/** Kafka's own tool for ACLs, and a restart of the broker. */
import { BOOTSTRAP, compose, kafkaTool } from './compose.ts'

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
  await kafkaTool('org.apache.kafka.tools.AclCommand', ...BOOTSTRAP, how, '--force', ...acl)
}

/** Stops the broker in order, and starts it again with its data; resolves when it runs, before it answers. */
export async function restartBroker(): Promise<void> {
  await compose('restart', 'kafka')
}
