import * as timers from 'node:timers'
import { type CallersFunctions, caller } from './callbacks.ts'
import type { Client, Method } from './clients.ts'
import type { Described, Describer } from './describe.ts'
import type { Place } from './place.ts'
import { PROBES } from './probes.ts'
import type { CallStep, ReplaceStep, Step } from './program.ts'
import type { StepRecord } from './record.ts'
import { built } from './values.ts'

/** What the steps of one run work on. */
export interface Scene {
  readonly place: Place
  readonly clients: (Client | undefined)[]
  readonly shapes: readonly string[]
  readonly transactions: (Client | undefined)[]
  readonly functions: CallersFunctions
  readonly describer: Describer
}

/** A call that has not settled by then is told as pending. */
const DEADLINE_MS = 4_000
const UNTIL_MS = 8_000

export async function runSteps(scene: Scene, steps: readonly Step[], at = ''): Promise<StepRecord[]> {
  const records: StepRecord[] = []
  for (const [index, step] of steps.entries()) {
    records.push(await caller.run(`step ${at}${index}`, () => runStep(scene, step, `${at}${index}`)))
  }
  return records
}

async function runStep(scene: Scene, step: Step, at: string): Promise<StepRecord> {
  switch (step.do) {
    case 'call':
      return call(scene, step)
    case 'parallel': {
      const inner = await Promise.all(
        step.steps.map((one, index) => runSteps(scene, [one], `${at}.${index}.`)),
      )
      return { step: 'parallel', outcome: null, inner: inner.flat() }
    }
    case 'replace':
      return atOnce(scene, `replace ${step.how}`, step.client, (client) => replace(scene, client, step))
    case 'inspect':
      return atOnce(scene, `inspect ${step.probe} ${step.member}`, step.client, (client) =>
        PROBES[step.probe]?.(client, step.member),
      )
    case 'listen':
      return atOnce(scene, `listen ${step.event}`, step.client, (client) => {
        const listener = scene.functions.callback('listener', step.listener)
        return client['on']?.(client.events?.[step.event] ?? step.event, listener)
      })
    case 'until': {
      const reached = scene.functions.until(step.callback, step.calls)
      return { step: 'until', outcome: await settled(scene, reached, UNTIL_MS) }
    }
    default:
      return fault(scene, step)
  }
}

function fault(
  scene: Scene,
  step: Exclude<Step, { do: 'call' | 'parallel' | 'replace' | 'inspect' | 'listen' | 'until' }>,
) {
  const { place, describer } = scene
  try {
    if (step.do === 'fault') place.addFault(step.fault)
    if (step.do === 'mend') place.mend()
    if (step.do === 'moveLeader') place.moveLeader(step.topic, step.partition, step.broker)
    if (step.do === 'expireSessions') place.expireSessions()
    return { step: step.do, outcome: null }
  } catch (error) {
    return { step: step.do, outcome: { threw: describer.error(error) } }
  }
}

async function call(scene: Scene, step: CallStep): Promise<StepRecord> {
  const { functions, describer } = scene
  const args = step.args.map((value) => built(value, functions))
  const before = describer.value(args)
  const outcome = await outcomeOf(scene, step, () => method(scene, step)(...args))
  const after = describer.value(args)
  const changed = JSON.stringify(before) === JSON.stringify(after) ? {} : { changed: after }
  return { step: `call ${step.on ?? 'client'}.${step.method}`, outcome, ...changed }
}

async function outcomeOf(
  scene: Scene,
  { client, method }: CallStep,
  work: () => unknown,
): Promise<Described> {
  let returned: unknown
  try {
    returned = work()
  } catch (error) {
    return { threw: scene.describer.error(error) }
  }
  if (!(returned instanceof Promise)) return { returned: scene.describer.value(returned) }
  if (method === 'transaction') {
    returned.then(
      (transaction: unknown) => {
        scene.transactions[client] = transaction as Client
      },
      () => undefined,
    )
  }
  return settled(scene, returned, DEADLINE_MS)
}

async function settled({ describer }: Scene, promise: Promise<unknown>, ms: number): Promise<Described> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Described>((resolve) => {
    timer = timers.setTimeout(() => resolve('pending'), ms)
  })
  const outcome = promise.then(
    (value) => ({ resolved: describer.value(value) }),
    (error) => ({ rejected: describer.error(error) }),
  )
  const first = await Promise.race([outcome, late])
  timers.clearTimeout(timer)
  return first
}

/** What is called, as a caller would write it. */
function method({ clients, transactions }: Scene, { client: index, on, method, how }: CallStep): Method {
  const client = on === 'transaction' ? transactions[index] : clients[index]
  if (client === undefined) throw new Error(`no ${on ?? 'client'} ${index}`)
  const target = on === 'logger' ? (client['logger']?.() as Client) : client
  if (how === 'detached') {
    const { [method]: detached } = target
    return (...args) => (detached as Method)(...args)
  }
  const owner = how === 'spread' ? ({ ...target } as Client) : target
  return (...args) => (owner as Record<string, Method>)[method]?.(...args) ?? missing(owner, method)
}

function missing(owner: Client, method: string): undefined {
  if (typeof owner[method] !== 'function') throw new TypeError(`no method ${method}`)
  return undefined
}

function replace({ functions }: Scene, client: Client, { method, how }: ReplaceStep): unknown {
  const original = client[method]
  const decorated = function (this: unknown, ...args: unknown[]) {
    functions.record(`replaced ${method}`, { args: args.length, on: this === client })
    return Reflect.apply(original as Method, this, args)
  }
  switch (how) {
    case 'assign':
      client[method] = decorated
      return client[method] === decorated
    case 'constant':
      client[method] = async () => `replaced ${method}`
      return true
    case 'define':
      Object.defineProperty(client, method, { value: decorated, configurable: true, enumerable: true })
      return client[method] === decorated
    case 'getter':
      Object.defineProperty(client, method, { get: () => decorated, configurable: true })
      return client[method] === decorated
    case 'delete':
      return [delete client[method], typeof client[method], method in client]
    case 'freeze':
      return Object.freeze(client) === client
    case 'seal':
      return Object.seal(client) === client
  }
}

function atOnce(scene: Scene, what: string, index: number, work: (client: Client) => unknown): StepRecord {
  const step = `${what} of ${scene.shapes[index]}`
  const client = scene.clients[index]
  if (client === undefined) return { step, outcome: 'no client' }
  try {
    return { step, outcome: { returned: scene.describer.value(work(client)) } }
  } catch (error) {
    return { step, outcome: { threw: scene.describer.error(error) } }
  }
}
