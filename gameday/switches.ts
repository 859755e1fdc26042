/** How faults are switched on and off: at the broker, at the STS, by ACL, by a quota, by stopping a part of the stack. */
import { clearFault, type FaultName, setFault } from '../scripts/fault.ts'
import { addAcl, removeAcl } from '../test/stack/support/acl.ts'
import { setProducerQuota, startPart, stopPart } from './cluster.ts'
import type { Fault } from './fault.ts'
import type { Subject } from './stage.ts'

type Switch = Pick<Fault, 'inject' | 'clear'>

export const broker = (name: FaultName): Switch => ({
  inject: ({ principal }) => setFault(name, { principal }),
  clear: ({ principal }) => clearFault({ principal }),
})

export const sts = (fault: 'down' | 'deny'): Switch => ({
  inject: (subject) => subject.sts.setFault(fault),
  clear: (subject) => subject.sts.setFault(undefined),
})

export const stopped = (part: string): Switch => ({
  inject: async () => void (await stopPart(part)),
  clear: async () => void (await startPart(part)),
})

const mayNotWrite = ({ principal }: Subject) =>
  ({ principal, topic: 'orders', operation: 'Write', permission: 'deny' }) as const

export const noWrite: Switch = {
  inject: (subject) => addAcl(mayNotWrite(subject)),
  clear: (subject) => removeAcl(mayNotWrite(subject)),
}

/** Its processes are started with this in their environment. */
export const started = (env: Readonly<Record<string, string>>): Switch => ({
  inject: (subject) => subject.restart(env),
  clear: (subject) => subject.restart(),
})

export const quota = (bytesPerSecond: number): Switch => ({
  inject: ({ principal }) => setProducerQuota(principal, bytesPerSecond),
  clear: ({ principal }) => setProducerQuota(principal, undefined),
})
