/**
 * The faults that the stack's broker makes on command. It reads them at every authentication, so they take effect at
 * the next one: of a new connection at once, of a living one when its session ends (45 s at most).
 */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const faults = {
  deny: '[uuid]: Access denied',
  throttle: '[uuid]: Too many connects',
  'invalid-signature': '[uuid]: Invalid authentication payload',
  'session-too-short': '[uuid]: Session too short',
  slow: 'no answer for --for SECONDS (15), then as ever; clear ends the waiting',
  'short-session': 'sessions of 12 s, so that re-authentication comes within seconds',
  'principal-change':
    'another principal: Kafka refuses the next re-authentication ("Cannot change principals …")',
} as const

export type FaultName = keyof typeof faults

export interface FaultTarget {
  /** Only this principal of stack/identities.json; everybody otherwise. */
  principal?: string
}

export interface FaultOptions extends FaultTarget {
  /** How long `slow` is slow. */
  seconds?: number
}

const folder = fileURLToPath(new URL('../stack/.state/faults/', import.meta.url))
const defaultSlowSeconds = 15

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name)
}

/** Switches a fault on, in the place of the one that had the same target. */
export function setFault(name: FaultName, options: FaultOptions = {}): void {
  if (!isFaultName(name))
    throw new Error(`Unknown fault "${name}". There are: ${Object.keys(faults).join(', ')}.`)
  if (options.seconds !== undefined && name !== 'slow') {
    throw new Error(`The fault "${name}" takes no seconds: only "slow" does.`)
  }
  const seconds = options.seconds ?? defaultSlowSeconds
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 600)) {
    throw new Error(`"slow" takes 1 to 600 whole seconds, not ${seconds}.`)
  }
  const file = fileOf(options)
  mkdirSync(folder, { recursive: true })
  const draft = join(folder, `.${process.pid}.new`)
  writeFileSync(draft, JSON.stringify(name === 'slow' ? { name, seconds } : { name }))
  // Whatever the umask: the broker reads it as another user.
  chmodSync(draft, 0o644)
  // By rename, so that the broker never reads half a file.
  renameSync(draft, file)
}

/** Switches off the fault of one principal, or, without one, every fault there is. */
export function clearFault(target: FaultTarget = {}): void {
  const names = target.principal === undefined ? activeFiles() : [fileOf(target)]
  for (const file of names) rmSync(file, { force: true })
}

/** What is switched on, by the name of its file: `all` or `principal.NAME`. */
export function activeFaultTargets(): string[] {
  return activeFiles().map((file) => file.slice(folder.length, -'.json'.length))
}

function fileOf({ principal }: FaultTarget): string {
  if (principal === undefined) return join(folder, 'all.json')
  if (!/^[\w-]+$/.test(principal)) {
    throw new Error(`"${principal}" is no principal: give the name as in stack/identities.json.`)
  }
  return join(folder, `principal.${principal}.json`)
}

function activeFiles(): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name))
  } catch {
    return [] // nothing has been made yet
  }
}
