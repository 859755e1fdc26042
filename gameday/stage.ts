/** Where faults are played: services with an STS and a principal of their own, alerts, and a clock to tell the time by. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type LocalSts, startLocalSts } from 'kafka-iam-otel/testing'
import { until } from '../test/stack/support/until.ts'
import type { AlertWatch } from './alert-watch.ts'
import { type FlakyDoor, flakyDoor } from './flaky-door.ts'
import { logFolder, type ServiceProcess, type ServiceSettings, startService } from './service-process.ts'

export interface ServicePlan {
  /** Default examples/orders-service.ts. */
  readonly program?:
    | 'examples/orders-service.ts'
    | 'examples/consumer-worker.ts'
    | 'gameday/careless-worker.ts'
  /** How long the credentials live, and so at most a token; default 15 minutes. */
  readonly credentialSeconds?: number
  /** Default 1. */
  readonly ordersPerSecond?: number
  /** Its processes live no longer than this; another takes the place of each. */
  readonly processSeconds?: number
}

/** A service on the stage, with all that can be done to it. */
export interface Subject {
  readonly name: string
  /** `service.name`: of this game day alone, so that nothing old can be taken for its own. */
  readonly service: string
  readonly principal: string
  readonly sts: LocalSts
  readonly door: FlakyDoor
  readonly process: ServiceProcess
  /** Starts it anew, after its end or in the place of the one that runs; `env` is for this process alone. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>
  /** For good. */
  stop(): Promise<void>
}

export interface Stage {
  readonly alerts: AlertWatch
  readonly signal: AbortSignal
  /** Every minute as users have it, or so often that a test can wait for it. */
  readonly exportSeconds: number
  say(who: string, what: string): void
  /** Starts it and waits until it works. */
  start(name: string, plan: ServicePlan): Promise<Subject>
}

export const principalOf = (name: string) => `gameday-${name}`

interface StageOptions {
  readonly alerts: AlertWatch
  readonly signal: AbortSignal
  readonly exportSeconds: number
  /** What it undoes when the game day ends, however it ends. */
  readonly cleanUp: AsyncDisposableStack
}

export function buildStage({ alerts, signal, exportSeconds, cleanUp }: StageOptions): Stage {
  const began = performance.now()
  const day = randomBytes(3).toString('hex')
  rmSync(logFolder, { recursive: true, force: true })
  const say = (who: string, what: string) =>
    console.log(`[${clock(performance.now() - began)}] ${who}: ${what}`)
  return {
    alerts,
    signal,
    exportSeconds,
    say,
    async start(name, plan) {
      const sts = await startLocalSts({
        credentialSeconds: plan.credentialSeconds ?? 900,
        defaultPrincipal: principalOf(name),
      })
      cleanUp.use(sts)
      const door = await flakyDoor(sts.url)
      cleanUp.use(door)
      const service = `gameday-${name}-${day}`
      const subject = new RunningSubject(
        name,
        { sts, door },
        settingsOf(name, plan, service, door.url, exportSeconds),
        signal,
      )
      cleanUp.defer(() => subject.stop())
      say(name, 'starts')
      await works(subject, signal)
      if (plan.processSeconds !== undefined) subject.comeAndGo(plan.processSeconds)
      return subject
    },
  }
}

class RunningSubject implements Subject {
  readonly name: string
  readonly service: string
  readonly principal: string
  readonly sts: LocalSts
  readonly door: FlakyDoor
  process: ServiceProcess
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  readonly #settings: ServiceSettings
  readonly #signal: AbortSignal

  constructor(
    name: string,
    { sts, door }: { sts: LocalSts; door: FlakyDoor },
    settings: ServiceSettings,
    signal: AbortSignal,
  ) {
    this.name = name
    this.service = settings.service
    this.principal = principalOf(name)
    this.sts = sts
    this.door = door
    this.#settings = settings
    this.#signal = signal
    this.process = startService(settings)
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.process.stop()
    // Nobody would stop it any more.
    if (this.#stopped || this.#signal.aborted) return
    const settings = { ...this.#settings, env: { ...this.#settings.env, ...env } }
    this.process = startService(settings, this.process.orders)
  }

  comeAndGo(seconds: number): void {
    this.#timer = setInterval(() => this.restart(), seconds * 1000)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.process.stop()
  }
}

function settingsOf(
  name: string,
  { program = 'examples/orders-service.ts', ordersPerSecond = 1 }: ServicePlan,
  service: string,
  stsUrl: string,
  exportSeconds: number,
): ServiceSettings {
  const env = {
    ORDERS_PER_SECOND: String(ordersPerSecond),
    GROUP_ID: service,
  }
  return { name, service, program, stsUrl, exportSeconds, env }
}

/** A service that cannot connect at its start ends itself. */
async function works(subject: Subject, signal: AbortSignal): Promise<void> {
  const log = `stack/.state/gameday/${subject.name}.log`
  await until(
    `${subject.name} to work; ${log} says why it does not`,
    () => {
      const { published, shipped } = subject.process.orders
      if (published + shipped > 0) return true
      if (subject.process.ended) throw new Error('it has ended')
      return false
    },
    { seconds: 45, signal },
  )
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`
}
